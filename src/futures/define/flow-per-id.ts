import { CALL } from "./spec.ts";
import type { FunctionSpec } from "./spec.ts";

/** Returns true if an `id` names the flow: for stateless functions and for `flowPerId`. */
export function idNamesFlow(spec: FunctionSpec, operation: string = CALL): boolean {
  return spec.state === undefined || spec.operations.get(operation)?.flowPerId === true;
}
