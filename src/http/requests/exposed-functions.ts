import { HandbackError } from "../../core/errors/errors.ts";
import { show } from "../../core/errors/show.ts";
import type { AnyInvokable } from "../../futures/types/function.ts";
import { isInvokable } from "../../futures/define/is-invokable.ts";
import { specOf } from "../../futures/define/spec.ts";

/** A function or an operation that clients can start. */
export interface ExposedFunction {
  readonly type: string;
  /** Its name in the path. A pattern's main operation has a path without one, too. */
  readonly operation: string | undefined;
  readonly f: AnyInvokable;
}

/** The functions that clients can start, and whose flows they can see. */
export interface Exposed {
  /** Finds a function by its type, or an operation by both names. There is no other name for it. */
  find(type: string, operation: string | undefined): AnyInvokable | undefined;
  /** Finds a stateful function by its type, to list its states. */
  stateful(type: string): object | undefined;
  /** All of them, by their present names. */
  readonly all: readonly ExposedFunction[];
  /** Returns true if flows of this type, or of this former type, are visible. */
  shows(type: string): boolean;
}

/**
 * Makes a directory of functions: functions made by `fn`, patterns, single operations, and stateful
 * functions with all their operations.
 *
 * A pattern with a default operation, such as an approval, exposes that operation only. List its
 * other operations one by one, such as `approved.decide`.
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
  const statefuls = new Map<string, object>();
  const names = new Set<string>();
  for (const face of functions as readonly unknown[]) {
    const spec = specOf(face);
    if (spec === undefined)
      throw new HandbackError(
        "INVALID_OPTIONS",
        `functions: expected a function from fn() or stateful(), got ${show(face)}`,
      );
    const found = types.get(spec.type) ?? new Map<string | undefined, AnyInvokable>();
    names.add(spec.type);
    // A renamed function keeps its former names, because clients and flows still use them.
    for (const name of [spec.type, ...spec.aliases]) types.set(name, found);
    if (isInvokable(face)) {
      if (face.operation !== undefined) found.set(face.operation, face);
      if (spec.state === undefined || isPattern(face)) found.set(undefined, face);
    } else {
      for (const name of [spec.type, ...spec.aliases]) statefuls.set(name, face as object);
      for (const operation of Object.values(face as object))
        if (isInvokable(operation)) found.set(operation.operation, operation);
    }
  }
  return {
    find: (type, operation) => types.get(type)?.get(operation),
    stateful: (type) => statefuls.get(type),
    all: Array.from(names, (type) =>
      Array.from(types.get(type) ?? [], ([operation, f]) => ({ type, operation, f })),
    ).flat(),
    shows: (type) => types.has(type),
  };
}

/** A function with a default operation has its operations as properties. */
function isPattern(face: object): boolean {
  return Object.values(face).some(isInvokable);
}
