import type { Clock } from "../../core/host/clock.ts";
import { messageOf } from "../../core/errors/thrown.ts";
import { pathOfIssue, readResult } from "../../futures/define/schema-result.ts";
import { specOf } from "../../futures/define/spec.ts";
import type { AnyInvokable } from "../../futures/types/function.ts";
import type { InputIssue } from "../responses/problem.ts";

/** A schema can find as many issues as the input has values. These are answered. */
const MOST_ISSUES = 100;
const LONGEST_TEXT = 200;
/** Time, in ms, that a schema has. */
const PATIENCE_MS = 5_000;

/**
 * Checks an input against the schema of a function. Returns the issues, or `undefined` if the
 * function may run.
 *
 * The function checks its input again when it runs. So a schema that throws or gives no result
 * fails the flow, as everywhere.
 */
export async function inputIssues(
  f: AnyInvokable,
  input: unknown,
  clock: Clock,
): Promise<readonly InputIssue[] | undefined> {
  const schema = specOf(f)?.input;
  if (schema === undefined) return undefined;
  try {
    const returned: unknown = await inTime(schema["~standard"].validate(input), clock);
    const { issues } = readResult(returned, "input");
    return issues && Array.from(issues.slice(0, MOST_ISSUES), describeIssue);
  } catch {
    return undefined;
  }
}

/** Resolves with a result, or with `undefined` if it takes too long. */
async function inTime(result: unknown, clock: Clock): Promise<unknown> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const cancelTimer = clock.setTimer(PATIENCE_MS, () => resolve(undefined));
  try {
    return await Promise.race([result, late]);
  } finally {
    cancelTimer();
  }
}

/** Takes anything as an issue. */
function describeIssue(issue: unknown): InputIssue {
  return {
    path: pathOfIssue(issue).slice(0, LONGEST_TEXT),
    message: messageOf(issue).slice(0, LONGEST_TEXT),
  };
}
