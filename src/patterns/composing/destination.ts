import { checkFunctionType } from "../../core/validation/names.ts";
import type { Context } from "../../futures/types/context.ts";
import type { Invokable } from "../../futures/types/function.ts";
import { checkInvokable } from "./step.ts";

/** A destination for a pattern's messages: a function, an operation of a stateful one, or an egress by its type. */
export type Destination<Value> = Invokable<Value, unknown> | string;

/** Checks a destination. @throws `INVALID_OPTIONS`, `INVALID_NAME` */
export function checkDestination<Value>(option: string, given: unknown): Destination<Value> {
  if (typeof given === "string") return checkFunctionType(given);
  return checkInvokable(option, given) as Invokable<Value, unknown>;
}

/** The functions among some destinations: what a pattern brings as its parts. */
export function functionsAmong(
  destinations: readonly (Destination<never> | undefined)[],
): readonly object[] {
  return destinations.filter((destination) => typeof destination === "object");
}

/** Sends a value to an destination with this handler's commit; an operation of a stateful function gets it at this address's id. */
export function sendToDestination<Value>(
  ctx: Context,
  destination: Destination<Value>,
  value: Value,
): void {
  if (typeof destination === "string") return ctx.egress(destination, value);
  // Typed as any function, since `Value` may hold futures for all that TypeScript knows.
  const f: Invokable<never, unknown> = destination;
  const at = destination.operation === undefined ? {} : { id: ctx.self.id };
  ctx.send(f, value as never, at);
}
