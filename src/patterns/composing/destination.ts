import { checkFunctionType } from "../../core/validation/names.ts";
import type { Context } from "../../futures/types/context.ts";
import type { Invokable } from "../../futures/types/function.ts";
import { checkInvokable } from "./step.ts";

/**
 * A destination for messages: a function, an operation of a stateful function, or an egress type.
 */
export type Destination<Value> = Invokable<Value, unknown> | string;

/** Checks a destination. @throws `INVALID_OPTIONS`, `INVALID_NAME` */
export function checkDestination<Value>(option: string, given: unknown): Destination<Value> {
  if (typeof given === "string") return checkFunctionType(given);
  return checkInvokable(option, given) as Invokable<Value, unknown>;
}

/** Returns the functions among some destinations, for the `parts` of a pattern. */
export function functionsAmong(
  destinations: readonly (Destination<never> | undefined)[],
): readonly object[] {
  return destinations.filter((destination) => typeof destination === "object");
}

/**
 * Sends a value to a destination in this handler's commit. An operation of a stateful function
 * receives it at the id of this address.
 */
export function sendToDestination<Value>(
  ctx: Context,
  destination: Destination<Value>,
  value: Value,
): void {
  if (typeof destination === "string") return ctx.egress(destination, value);
  const at = destination.operation === undefined ? {} : { id: ctx.self.id };
  ctx.send(destination, value, at);
}
