import { HandbackError } from "../../core/errors/errors.ts";
import type { Json } from "../../core/data/json.ts";
import type { SchemaIssue, SchemaResult } from "../../core/validation/standard-schema.ts";
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
  return result instanceof Promise
    ? result.then((later) => accept(later, type))
    : accept(result, type);
}

function accept(result: SchemaResult<unknown>, type: string): unknown {
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

/** Describes the issues that a schema found, one line each. */
export function describeIssues(issues: readonly SchemaIssue[]): readonly string[] & Json {
  return issues.map((issue) => {
    const path = pathOfIssue(issue);
    return path === "" ? issue.message : `${path}: ${issue.message}`;
  });
}

/** Returns the path of an issue, joined with dots. Empty: it concerns the whole value. */
export function pathOfIssue({ path = [] }: SchemaIssue): string {
  return path.map((step) => String(typeof step === "object" ? step.key : step)).join(".");
}
