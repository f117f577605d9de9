import { HandbackError } from "../core/errors.ts";
import { show } from "../core/show.ts";
import type { AnyInvokable } from "../futures/function.ts";
import { isInvokable } from "../futures/is-invokable.ts";
import { specOf } from "../futures/spec.ts";

/** What can be started from outside, and whose flows can be seen there. */
export interface Exposed {
  /** The function that is started as `namespace/name`, or `namespace/name/operation`. */
  find(type: string, operation: string | undefined): AnyInvokable | undefined;
  /** Whether flows of the function of this type may be seen. */
  shows(type: string): boolean;
}

/**
 * Makes a directory of functions: what `fn` gave, patterns, single operations, and stateful functions with all of their operations.
 *
 * Of a pattern that is an operation itself, such as an approval, that one alone is exposed: `approved.decide` is to be listed by itself.
 *
 * @throws `INVALID_OPTIONS`
 */
export function exposedFunctions(functions: unknown): Exposed {
  if (!Array.isArray(functions)) throw new HandbackError("INVALID_OPTIONS", `functions: expected a list, got ${show(functions)}`);
  const found = new Map<string, AnyInvokable>();
  const types = new Set<string>();
  for (const face of functions as readonly unknown[]) {
    const spec = specOf(face);
    if (spec === undefined)
      throw new HandbackError("INVALID_OPTIONS", `functions: expected what fn() or stateful() gave, got ${show(face)}`);
    types.add(spec.type);
    if (isInvokable(face)) {
      if (face.operation !== undefined) found.set(`${spec.type}/${face.operation}`, face);
      if (spec.state === undefined || isPattern(face)) found.set(spec.type, face);
    } else
      for (const operation of Object.values(face as object))
        if (isInvokable(operation)) found.set(`${spec.type}/${operation.operation}`, operation);
  }
  return {
    find: (type, operation) => found.get(operation === undefined ? type : `${type}/${operation}`),
    shows: (type) => types.has(type),
  };
}

/** A function that is one of its operations has them beside itself. */
function isPattern(face: object): boolean {
  return Object.values(face).some(isInvokable);
}
