import type { Activation } from "../../core/activation/activation.ts";
import type { Json } from "../../core/data/json.ts";
import type { Consumer } from "./consumer.ts";
import { systemAddress, sendSystemMessage } from "./system.ts";

/**
 * Finds futures that wait for themselves: whenever somebody begins to wait for a cell, a trace follows where its settlement would
 * go, through joins, cells and calls that are yet to be made. One that comes back to the cell it began at has gone round a cycle, in which
 * nothing will ever be settled.
 *
 * TR1 Of the edges of a cycle, the last one to be made is traced when all others are there.
 * TR2 A trace is a bounded number of messages: a cycle of more than {@link MAX_PROBES} futures is not found.
 * TR3 It ends at a race or a wait, which may do without what it is traced from.
 */
export type CycleProbe = {
  /** The cell at which it began. */
  readonly origin: string;
  /** How many messages it may still be. */
  readonly budget: number;
};

/** Name of the message that is a trace. */
export const CYCLE_PROBE = "trace";

const MAX_PROBES = 1024;

/** Begins a trace at this cell, for who has begun to wait for it. */
export function startCycleProbe(activation: Activation, consumers: readonly Consumer[]): void {
  forwardCycleProbe(activation, consumers, { origin: activation.address.id, budget: MAX_PROBES });
}

/** Follows a trace on from here, to all that the settlement would go to. */
export function forwardCycleProbe(
  activation: Activation,
  consumers: readonly Consumer[],
  { origin, budget }: CycleProbe,
): void {
  const targets = [...waitingAddresses(consumers)];
  const share = Math.floor((budget - 1) / targets.length);
  if (share < 1) return;
  const control: Json = { origin, budget: share };
  for (const target of targets)
    sendSystemMessage(activation, { target, name: CYCLE_PROBE, control });
}

function* waitingAddresses(
  consumers: readonly Consumer[],
): Generator<ReturnType<typeof systemAddress>> {
  for (const consumer of consumers) {
    if (consumer.to === "call") yield* waitingAddresses(consumer.consumers);
    else if (consumer.to === "cell") yield systemAddress("cell", consumer.id);
    else if (consumer.to === "slot") yield systemAddress("join", consumer.id);
  }
}
