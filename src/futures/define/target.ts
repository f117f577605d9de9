import type { Environment } from "../../core/activation/environment.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import { show } from "../../core/errors/show.ts";
import { readProperty } from "../../core/errors/thrown.ts";
import type { EXPIRE_AFTER, FunctionSpec, TERMINATE } from "./spec.ts";
import { attachSpec, CALL, specOf } from "./spec.ts";

/** The target of an invocation: a function type, an operation, and the spec. */
export interface Target {
  readonly type: string;
  readonly operation: string;
  readonly spec: FunctionSpec;
}

/** Knows the registered functions. */
type Host = Pick<Environment, "knows">;

/**
 * Finds the function and operation of an object that `fn` or `stateful` made. @throws
 * `UNKNOWN_FUNCTION`
 */
export function resolveTarget(f: unknown, host: Host): Target {
  const spec = specOf(f);
  if (spec === undefined) {
    throw new HandbackError(
      "UNKNOWN_FUNCTION",
      `expected what fn() gave, or an operation of what stateful() gave; got ${show(f)}`,
    );
  }
  const operation = operationOf(f) ?? (spec.state === undefined ? CALL : undefined);
  if (operation === undefined) {
    throw new HandbackError(
      "UNKNOWN_FUNCTION",
      `${spec.type} is stateful: expected one of its operations, ${[...spec.operations.keys()].join(", ")}`,
    );
  }
  if (!host.knows(spec.type, operation)) throw unknownOperation(spec.type, operation, host);
  return { type: spec.type, operation, spec };
}

function unknownOperation(type: string, operation: string, host: Host): HandbackError {
  if (!host.knows(type)) return unknownFunction(type);
  const why = `the registered version of ${type} has no operation ${JSON.stringify(operation)}`;
  return new HandbackError("UNKNOWN_FUNCTION", why, { details: { function: type, operation } });
}

/** Makes the error for a function that the engine does not know. */
export function unknownFunction(type: string): HandbackError {
  const why = `${type} is not registered with this engine; add it to its functions`;
  return new HandbackError("UNKNOWN_FUNCTION", why, { details: { function: type } });
}

function operationOf(f: unknown): string | undefined {
  const operation = typeof f === "object" && f !== null ? readProperty(f, "operation") : undefined;
  return typeof operation === "string" ? operation : undefined;
}

/**
 * Returns an operation that ends states of a stateful function. @throws `UNKNOWN_FUNCTION`
 *
 * @param caller - the method that was called, for the error
 */
export function stateOperation(
  f: unknown,
  operation: typeof TERMINATE | typeof EXPIRE_AFTER,
  caller: string,
): object {
  const spec = specOf(f);
  if (spec?.state !== undefined) return attachSpec({ type: spec.type, operation }, spec);
  throw new HandbackError(
    "UNKNOWN_FUNCTION",
    `${caller}: expected a function made by stateful(), got ${show(f)}`,
  );
}
