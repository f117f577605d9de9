import { HandbackError } from "../../core/errors/errors.ts";
import { isThenable } from "../../core/data/kind.ts";
import { describeIssues, readResult } from "./schema-result.ts";
import type { FunctionSpec, OperationSpec } from "./spec.ts";

/**
 * Checks a function's input against its schema, if it has one. @throws `INVALID_INPUT`, at once or
 * by rejection
 */
export function checkInput(
  { input: ofFunction, type }: FunctionSpec,
  { input: schema = ofFunction }: OperationSpec,
  input: unknown,
): unknown {
  if (schema === undefined) return input;
  const result = schema["~standard"].validate(input);
  return isThenable(result)
    ? Promise.resolve(result).then((later) => accept(later, type))
    : accept(result, type);
}

function accept(returned: unknown, type: string): unknown {
  const result = readResult(returned, `input of ${type}`);
  if (result.issues === undefined) return result.value;
  const issues = describeIssues(result.issues);
  throw new HandbackError(
    "INVALID_INPUT",
    `the input of ${type} was refused: ${issues.join("; ")}`,
    {
      details: { function: type, issues },
    },
  );
}
