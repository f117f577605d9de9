import { checkedBy, invalidOption } from "../../core/validation/options.ts";
import type { Option } from "../../core/validation/options.ts";
import type { Invokable } from "../../futures/types/function.ts";
import { checkDestination } from "./destination.ts";
import type { Destination } from "./destination.ts";
import { checkInvokable } from "./step.ts";

/** An option with a function to invoke: made by `fn`, or an operation of a stateful function. */
export function invokable<Input, Output>(): Option<Invokable<Input, Output>> {
  return checkedBy((value, name) => checkInvokable(name, value) as Invokable<Input, Output>);
}

/** An option with a destination for messages: a function to invoke, or an egress type. */
export function destination<Value>(): Option<Destination<Value>> {
  return checkedBy((value, name) => checkDestination<Value>(name, value));
}

/** Checks that a plain function returned a boolean. @throws `INVALID_OPTIONS` */
export function checkBoolean(option: string, answer: unknown): boolean {
  if (typeof answer === "boolean") return answer;
  throw invalidOption(`result of ${option}`, "true or false, not a promise", answer);
}
