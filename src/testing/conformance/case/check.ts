import { isError } from "../../../core/data/kind.ts";
import { show } from "../../../core/errors/show.ts";
import { AssertionError } from "../../assertion/assertion-error.ts";
import { describeDifference } from "./difference.ts";
import type { Extent } from "./difference.ts";

/**
 * An engine does not do what a case expects. Test runners that know `actual` and `expected` show
 * the two side by side.
 */
export class CaseFailure extends AssertionError {
  readonly actual: unknown;
  readonly expected: unknown;

  constructor(
    message: string,
    { actual, expected, cause }: { actual?: unknown; expected?: unknown; cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.actual = actual;
    this.expected = expected;
  }
}

/** Fails unless the condition holds. */
export function ok(condition: boolean, message: string): void {
  if (!condition) throw new CaseFailure(message);
}

/** Fails unless two values are deeply equal. `what` names the first one in the message. */
export function equal(actual: unknown, expected: unknown, what?: string): void {
  compare({ actual, expected, extent: "whole", what });
}

/** Fails unless a value has all expected properties, at any depth. Objects may have more. */
export function matches(actual: unknown, expected: object, what?: string): void {
  compare({ actual, expected, extent: "part", what });
}

/**
 * Fails unless a promise rejects with an error that has all expected properties, such as `code`.
 */
export async function rejects(promise: Promise<unknown>, expected: object): Promise<void> {
  const [settlement] = await Promise.allSettled([promise]);
  const wanted = `expected a rejection with ${JSON.stringify(expected)}`;
  if (settlement.status === "fulfilled")
    throw new CaseFailure(`${wanted}, but it was fulfilled with ${show(settlement.value)}`, {
      actual: settlement.value,
      expected,
    });
  const reason: unknown = settlement.reason;
  const differs = describeDifference(reason, expected, "part");
  if (differs === undefined) return;
  const got = isError(reason) ? reason.message : show(reason);
  throw new CaseFailure(`${wanted}, ${differs} (${got})`, { cause: reason });
}

function compare({
  actual,
  expected,
  extent,
  what,
}: {
  actual: unknown;
  expected: unknown;
  extent: Extent;
  what: string | undefined;
}) {
  const differs = describeDifference(actual, expected, extent);
  if (differs !== undefined)
    throw new CaseFailure(what === undefined ? differs : `${what}: ${differs}`, {
      actual,
      expected,
    });
}
