import type { Activation } from "../../core/activation/activation.ts";
import type { Json } from "../../core/data/json.ts";
import type { Consumer } from "./consumer.ts";
import { branchType, instanceOf, isCall } from "./consumer.ts";
import type { CycleProbe } from "./messages.ts";
import { sendControl } from "./system.ts";
import type { Address } from "../../core/message/address.ts";

/**
 * Finds futures that wait for themselves. When a consumer begins to wait for a cell, a probe
 * follows the way of its settlement, through `all`, cells, and calls that are still to be made. A
 * probe that returns to its cell has found a cycle, which nothing would ever settle.
 *
 * CD1 The last edge of a cycle is probed when all its other edges exist.
 * CD2 A probe has a bounded number of messages. A cycle of more than {@link MAX_PROBES} futures is
 * not found.
 * CD3 It ends at a race or a wait, which can spare a future.
 */
/** Name of a probe's message. */
export const CYCLE_PROBE = "trace";

const MAX_PROBES = 1024;

/** The function types of combinators that cannot settle without each of their futures. */
const NEEDING_ALL = new Set([branchType("cell"), branchType("all"), branchType("slot")]);

/** Starts a probe at this cell for new consumers. */
export function startCycleProbe(activation: Activation, consumers: readonly Consumer[]): void {
  forwardCycleProbe(activation, consumers, { origin: activation.address.id, budget: MAX_PROBES });
}

/** Sends a probe on to everything that the settlement would reach. */
export function forwardCycleProbe(
  activation: Activation,
  consumers: readonly Consumer[],
  { origin, budget }: CycleProbe,
): void {
  const targets = [...waitingAddresses(consumers)];
  const share = Math.floor((budget - 1) / targets.length);
  if (share < 1) return;
  const control: Json = { origin, budget: share };
  for (const target of targets) sendControl(activation, { target, name: CYCLE_PROBE, control });
}

function* waitingAddresses(consumers: readonly Consumer[]): Generator<Address> {
  for (const consumer of consumers) {
    const instance = instanceOf(consumer);
    if (isCall(consumer)) yield* waitingAddresses(consumer.consumers);
    else if (instance !== undefined && NEEDING_ALL.has(instance.type)) yield instance;
  }
}
