import type { AnyInvokable } from "../types/function.ts";
import { CALL, specOf } from "./spec.ts";

/**
 * Tells whether a value can be invoked: a function made by `fn`, or an operation of one made by
 * `stateful`.
 *
 * @example
 * import { fn, isInvokable, stateful, value } from "handback";
 *
 * const double = fn("docs/double", (_, n: number) => 2 * n);
 * const counter = stateful("docs/counter", {
 *   state: { count: value(0) },
 *   handlers: { add: (ctx, n: number) => (ctx.state.count += n) },
 * });
 * console.log(isInvokable(double), isInvokable(counter.add)); // true true
 * console.log(isInvokable(counter), isInvokable(() => 1)); // false false
 */
export function isInvokable(value: unknown): value is AnyInvokable {
  const spec = specOf(value);
  if (spec === undefined) return false;
  return spec.state === undefined ? spec.operations.has(CALL) : "operation" in (value as object);
}

/** Returns the names that a function or operation had before: all its aliases. */
export function formerNamesOf(f: AnyInvokable): readonly string[] {
  const { aliases = [], formerOperations = new Map<string, string>() } = specOf(f) ?? {};
  const { type, operation } = f;
  if (operation === undefined) return aliases;
  const former = [...formerOperations].filter(([, current]) => current === operation);
  const operations = [operation, ...former.map(([name]) => name)];
  const names = [type, ...aliases].flatMap((each) => operations.map((name) => `${each}.${name}`));
  return names.slice(1);
}
