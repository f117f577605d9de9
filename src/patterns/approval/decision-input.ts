import { HandbackError } from "../../core/errors/errors.ts";
import { checkId } from "../../core/validation/names.ts";
import { show } from "../../core/errors/show.ts";
import type { Decision, Delegation, Withdrawal } from "./ballot.ts";

/**
 * Reads a decision from an untrusted sender. Other properties are dropped.
 *
 * @param what Describes it in error messages: `"a decision of shop/approve"`.
 * @throws `INVALID_KEY` if `by` is not a name; `INVALID_INPUT`
 */
export function readDecision(what: string, given: unknown): Decision {
  const { by, decision, ...more } = decisionFields(what, given);
  if (decision !== "approve" && decision !== "reject")
    throw invalidDecision(`decision of ${what}`, `"approve" or "reject"`, decision);
  return { by: checkId(by, `by of ${what}`), decision, ...readRemarks(what, more) };
}

/** Reads a delegation like {@link readDecision}. @throws `INVALID_KEY`, `INVALID_INPUT` */
export function readDelegation(what: string, given: unknown): Delegation {
  const { by, to, ...more } = decisionFields(what, given);
  return {
    by: checkId(by, `by of ${what}`),
    to: checkId(to, `to of ${what}`),
    ...readRemarks(what, more),
  };
}

/** Reads a withdrawal like {@link readDecision}. @throws `INVALID_KEY`, `INVALID_INPUT` */
export function readWithdrawal(what: string, given: unknown): Withdrawal {
  const { by, ...more } = decisionFields(what, given);
  return { by: checkId(by, `by of ${what}`), ...readRemarks(what, more) };
}

type Fields = Readonly<Record<string, unknown>>;

function decisionFields(what: string, given: unknown): Fields {
  if (typeof given !== "object" || given === null) throw invalidDecision(what, "an object", given);
  return { ...given };
}

/** Reads the optional properties: the comment and the name of the request. */
function readRemarks(
  what: string,
  { comment, request }: Fields,
): Pick<Decision, "comment" | "request"> {
  if (comment !== undefined && typeof comment !== "string")
    throw invalidDecision(`comment of ${what}`, "text", comment);
  if (request !== undefined && typeof request !== "string")
    throw invalidDecision(`request of ${what}`, "text", request);
  return { ...(comment !== undefined && { comment }), ...(request !== undefined && { request }) };
}

function invalidDecision(what: string, expected: string, got: unknown): HandbackError {
  return new HandbackError("INVALID_INPUT", `${what}: expected ${expected}, got ${show(got)}`);
}
