import { HandbackError } from "../../core/errors/errors.ts";
import { show } from "../../core/errors/show.ts";
import type { AnyInvokable } from "../../futures/types/function.ts";
import { isInvokable } from "../../futures/define/is-invokable.ts";
import { specOf } from "../../futures/define/spec.ts";

/** What can be started from outside, and whose flows can be seen there. */
export interface Exposed {
  /** The function of this type, or its operation: each by these two names, and no other. */
  find(type: string, operation: string | undefined): AnyInvokable | undefined;
  /** Whether flows of the function of this type, or formerly of it, may be seen. */
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
  if (!Array.isArray(functions))
    throw new HandbackError(
      "INVALID_OPTIONS",
      `functions: expected a list, got ${show(functions)}`,
    );
  const types = new Map<string, Map<string | undefined, AnyInvokable>>();
  for (const face of functions as readonly unknown[]) {
    const spec = specOf(face);
    if (spec === undefined)
      throw new HandbackError(
        "INVALID_OPTIONS",
        `functions: expected what fn() or stateful() gave, got ${show(face)}`,
      );
    const found = types.get(spec.type) ?? new Map<string | undefined, AnyInvokable>();
    // What has been renamed is reached by its former names, too: clients and flows keep them.
    for (const name of [spec.type, ...spec.aliases]) types.set(name, found);
    if (isInvokable(face)) {
      if (face.operation !== undefined) found.set(face.operation, face);
      if (spec.state === undefined || isPattern(face)) found.set(undefined, face);
    } else
      for (const operation of Object.values(face as object))
        if (isInvokable(operation)) found.set(operation.operation, operation);
  }
  return {
    find: (type, operation) => types.get(type)?.get(operation),
    shows: (type) => types.has(type),
  };
}

/** A function that is one of its operations has them beside itself. */
function isPattern(face: object): boolean {
  return Object.values(face).some(isInvokable);
}
