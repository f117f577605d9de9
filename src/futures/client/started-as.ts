import type { FunctionSpec } from "../define/spec.ts";
import type { StartFlow } from "../protocol/messages.ts";

/** The names of a function and of its operation under which a flow was started. */
export type StartedAs = Pick<StartFlow, "type" | "name">;

/** Returns the names of a flow's start if they are former names of this operation. */
export function formerNames(
  { type, aliases, formerOperations }: FunctionSpec,
  operation: string,
  started: { readonly type: string; readonly name?: string },
): StartedAs | undefined {
  const { type: startedType, name = operation } = started;
  const isSame = startedType === type && name === operation;
  const isOfType = startedType === type || aliases.includes(startedType);
  const isOfOperation = name === operation || formerOperations.get(name) === operation;
  return !isSame && isOfType && isOfOperation ? { type: startedType, name } : undefined;
}
