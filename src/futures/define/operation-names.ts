import type { FunctionSpec } from "./spec.ts";

/** The name of an operation: that of its function, and its own. */
export interface OperationName {
  readonly type: string;
  readonly name: string;
}

/** Returns all names that an operation had before. The current one is not among them. */
export function formerOperationNames(
  { type, aliases, formerOperations }: FunctionSpec,
  operation: string,
): readonly OperationName[] {
  const former = [...formerOperations].filter(([, current]) => current === operation);
  const names = [operation, ...former.map(([name]) => name)];
  return [type, ...aliases].flatMap((each) => names.map((name) => ({ type: each, name }))).slice(1);
}
