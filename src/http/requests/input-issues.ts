import type { SchemaIssue } from "../../core/validation/standard-schema.ts";
import { pathOfIssue } from "../../futures/define/schema-result.ts";
import { specOf } from "../../futures/define/spec.ts";
import type { AnyInvokable } from "../../futures/types/function.ts";
import type { InputIssue } from "../responses/problem.ts";

/** A schema can find as many issues as the input has values. These are answered. */
const MOST_ISSUES = 100;
const LONGEST_TEXT = 200;

/**
 * Checks an input against the schema of a function. Returns the issues, or `undefined` if the
 * function may run.
 *
 * The function checks its input again when it runs. So a schema that throws fails the flow, as
 * everywhere.
 */
export async function inputIssues(
  f: AnyInvokable,
  input: unknown,
): Promise<readonly InputIssue[] | undefined> {
  const schema = specOf(f)?.input;
  if (schema === undefined) return undefined;
  try {
    const { issues } = await schema["~standard"].validate(input);
    return issues?.slice(0, MOST_ISSUES).map(describeIssue);
  } catch {
    return undefined;
  }
}

function describeIssue(issue: SchemaIssue): InputIssue {
  return {
    path: pathOfIssue(issue).slice(0, LONGEST_TEXT),
    message: issue.message.slice(0, LONGEST_TEXT),
  };
}
