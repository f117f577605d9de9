import { checkId } from "../../core/validation/names.ts";
import { readApprovers } from "./approval-options.ts";
import type { ApprovalRules } from "./approval-options.ts";
import { note, withApprovers } from "./ballot.ts";
import type { Approver, Ballot } from "./ballot.ts";
import { invalidOption } from "../../core/validation/options.ts";
import { quorumOutcome } from "./quorum.ts";

/** A new request: its name, its input, and the instant of asking. */
export interface Opening {
  readonly request: string;
  readonly input: unknown;
  readonly now: number;
}

/**
 * Opens a request. It names all approvers now, those of later escalation levels too. So a mistake
 * in them rejects the request at once, and a level can be reached even if its function has changed.
 *
 * @throws `INVALID_KEY`; `INVALID_OPTIONS` if all approvers are too few for the quorum; any error
 * that a function among the options throws
 */
export function openBallot(rules: ApprovalRules, { request, input, now }: Opening): Ballot {
  const { type, approvers, requester, escalation, timeoutMs, quorum } = rules;
  const by =
    requester === undefined ? {} : { requester: checkId(requester(input), `requester of ${type}`) };
  const people = (name: ApprovalRules["approvers"]): readonly Approver[] =>
    name === undefined
      ? []
      : readApprovers(`approvers of ${type}`, name(input)).filter(
          ({ person }) => person !== by.requester,
        );
  const asked: Ballot = {
    request,
    input,
    status: "open",
    askedAt: now,
    level: 0,
    reminders: 0,
    toldAt: now,
    decisions: [],
    audit: [],
    ...(timeoutMs !== undefined && { expiresAt: now + timeoutMs }),
    ...(approvers !== undefined && {
      levels: escalation.map((level) => people(level.approvers)),
    }),
    ...by,
  };
  const ballot = approvers === undefined ? asked : withApprovers(asked, people(approvers));
  const complete = (ballot.levels ?? []).reduce(withApprovers, ballot);
  if (quorumOutcome(complete, quorum, true) !== "open")
    throw invalidOption(`approvers of ${type}`, "enough people for the quorum", complete.approvers);
  return note(ballot, {
    at: now,
    action: "asked",
    ...(ballot.requester !== undefined && { by: ballot.requester }),
  });
}
