import type { AnyInvokable } from "../types/function.ts";
import { formerOperationNames } from "./operation-names.ts";
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

/**
 * Tells whether a function, or one that it is made of, pauses when it fails. A function that does
 * not say so does as its engine says.
 */
export function pausesWhenFailed(f: unknown): boolean {
  const spec = specOf(f);
  return spec !== undefined && (spec.whenFailed === "pause" || spec.parts.some(pausesWhenFailed));
}

/** Returns what a function says of its failures, without those that it is made of. */
export function ownWhenFailed(f: AnyInvokable): "fail" | "pause" | undefined {
  return specOf(f)?.whenFailed;
}

/** Returns the names that a function or operation had before. */
export function formerNamesOf(f: AnyInvokable): readonly string[] {
  const { operation } = f;
  const spec = specOf(f);
  if (spec === undefined) return [];
  const names = formerOperationNames(spec, operation ?? CALL);
  return names.map(({ type, name }) => (operation === undefined ? type : `${type}.${name}`));
}
