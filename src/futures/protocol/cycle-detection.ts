import type { Activation } from "../../core/activation/activation.ts";
import type { Json } from "../../core/data/json.ts";
import type { Consumer } from "./consumer.ts";
import { system, tell } from "./system.ts";

/**
 * Finds futures that wait for themselves: whenever somebody begins to wait for a cell, a trace follows where its settlement would
 * go, through joins, cells and calls that are yet to be made. One that comes back to the cell it began at has gone round a cycle, in which
 * nothing will ever be settled.
 *
 * TR1 Of the edges of a cycle, the last one to be made is traced when all others are there.
 * TR2 A trace is a bounded number of messages: a cycle of more than {@link BUDGET} futures is not found.
 * TR3 It ends at a race or a wait, which may do without what it is traced from.
 */
export type Trace = {
  /** The cell at which it began. */
  readonly origin: string;
  /** How many messages it may still be. */
  readonly budget: number;
};

/** Name of the message that is a trace. */
export const TRACE = "trace";

const BUDGET = 1024;

/** Begins a trace at this cell, for who has begun to wait for it. */
export function beginTrace(activation: Activation, consumers: readonly Consumer[]): void {
  followTrace(activation, consumers, { origin: activation.address.id, budget: BUDGET });
}

/** Follows a trace on from here, to all that the settlement would go to. */
export function followTrace(
  activation: Activation,
  consumers: readonly Consumer[],
  { origin, budget }: Trace,
): void {
  const targets = [...waiting(consumers)];
  const share = Math.floor((budget - 1) / targets.length);
  if (share < 1) return;
  const control: Json = { origin, budget: share };
  for (const target of targets) tell(activation, { target, name: TRACE, control });
}

function* waiting(consumers: readonly Consumer[]): Generator<ReturnType<typeof system>> {
  for (const consumer of consumers) {
    if (consumer.to === "call") yield* waiting(consumer.consumers);
    else if (consumer.to === "cell") yield system("cell", consumer.id);
    else if (consumer.to === "slot") yield system("join", consumer.id);
  }
}
