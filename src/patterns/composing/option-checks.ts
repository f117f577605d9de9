import { checkedBy, invalidOption } from "../../core/validation/options.ts";
import type { Option } from "../../core/validation/options.ts";
import type { Invokable } from "../../futures/types/function.ts";
import { checkDestination } from "./destination.ts";
import type { Destination } from "./destination.ts";
import { checkInvokable } from "./step.ts";

/** A function to invoke: made by `fn`, or an operation of a stateful function. */
export function invokable<Input, Output>(): Option<Invokable<Input, Output>> {
  return checkedBy((value, name) => checkInvokable(name, value) as Invokable<Input, Output>);
}

/** A destination for messages: a function to invoke, or the type of an egress. */
export function destination<Value>(): Option<Destination<Value>> {
  return checkedBy((value, name) => checkDestination<Value>(name, value));
}

/** Checks the answer of a plain function to a yes-or-no question. @throws `INVALID_OPTIONS` */
export function yesOrNo(option: string, answer: unknown): boolean {
  if (typeof answer === "boolean") return answer;
  throw invalidOption(`the answer of ${option}`, "true or false, and no promise", answer);
}
