import { HandbackError } from "../../core/errors/errors.ts";
import { checkId } from "../../core/validation/names.ts";
import { show } from "../../core/errors/show.ts";
import type { Decision, Delegation, Withdrawal } from "./ballot.ts";

/**
 * Reads a decision as it came, whoever sent it: what a decision has, and nothing else that may be in it.
 *
 * @param what Names it, for the message: `"a decision of shop/approve"`.
 * @throws `INVALID_KEY` when `by` is no name; `INVALID_INPUT`
 */
export function readDecision(what: string, given: unknown): Decision {
  const { by, decision, ...more } = fieldsOf(what, given);
  if (decision !== "approve" && decision !== "reject")
    throw refused(`decision of ${what}`, `"approve" or "reject"`, decision);
  return { by: checkId(by, `by of ${what}`), decision, ...remarks(what, more) };
}

/** Reads a delegation, as {@link readDecision} does a decision. @throws `INVALID_KEY`, `INVALID_INPUT` */
export function readDelegation(what: string, given: unknown): Delegation {
  const { by, to, ...more } = fieldsOf(what, given);
  return {
    by: checkId(by, `by of ${what}`),
    to: checkId(to, `to of ${what}`),
    ...remarks(what, more),
  };
}

/** Reads a withdrawal, as {@link readDecision} does a decision. @throws `INVALID_KEY`, `INVALID_INPUT` */
export function readWithdrawal(what: string, given: unknown): Withdrawal {
  const { by, ...more } = fieldsOf(what, given);
  return { by: checkId(by, `by of ${what}`), ...remarks(what, more) };
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(what: string, given: unknown): Fields {
  if (typeof given !== "object" || given === null) throw refused(what, "an object", given);
  return { ...given };
}

/** What may be said besides, and about which request. */
function remarks(
  what: string,
  { comment, request }: Fields,
): Pick<Decision, "comment" | "request"> {
  if (comment !== undefined && typeof comment !== "string")
    throw refused(`comment of ${what}`, "text", comment);
  if (request !== undefined && typeof request !== "string")
    throw refused(`request of ${what}`, "text", request);
  return { ...(comment !== undefined && { comment }), ...(request !== undefined && { request }) };
}

function refused(what: string, expected: string, got: unknown): HandbackError {
  return new HandbackError("INVALID_INPUT", `${what}: expected ${expected}, got ${show(got)}`);
}
