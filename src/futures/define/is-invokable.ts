import type { AnyInvokable } from "../types/function.ts";
import { CALL, specOf } from "./spec.ts";

/**
 * Tells whether a value can be invoked: what `fn` gave, or an operation of what `stateful` gave.
 *
 * @example
 * import { fn, isInvokable, stateful, value } from "handback";
 *
 * const double = fn("docs/double", (_, n: number) => 2 * n);
 * const counter = stateful("docs/counter", { state: { count: value(0) }, handlers: { add: (ctx, n: number) => (ctx.state.count += n) } });
 * console.log(isInvokable(double), isInvokable(counter.add), isInvokable(counter), isInvokable(() => 1)); // true true false false
 */
export function isInvokable(value: unknown): value is AnyInvokable {
  const spec = specOf(value);
  if (spec === undefined) return false;
  return spec.state === undefined ? spec.operations.has(CALL) : "operation" in (value as object);
}
