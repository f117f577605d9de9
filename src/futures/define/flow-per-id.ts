import { CALL } from "./spec.ts";
import type { FunctionSpec } from "./spec.ts";

const marked = new WeakSet<object>();

/**
 * Marks a handler of a stateful function whose states have one flow each. A client that starts the
 * operation with an `id` and no `key` uses the id as the flow's key too.
 */
export function flowPerId<Handler extends object>(handler: Handler): Handler {
  marked.add(handler);
  return handler;
}

/** Returns true for a handler that {@link flowPerId} has marked. */
export function hasFlowPerId(handler: object): boolean {
  return marked.has(handler);
}

/** Returns true if an `id` names the flow: for stateless functions and for marked operations. */
export function idNamesFlow(spec: FunctionSpec, operation: string = CALL): boolean {
  return spec.state === undefined || spec.operations.get(operation)?.flowPerId === true;
}
