import { checkId } from "../../core/validation/names.ts";
import { peopleOf } from "./approval-options.ts";
import type { ApprovalRules } from "./approval-options.ts";
import { note, withApprovers } from "./ballot.ts";
import type { Approver, Ballot } from "./ballot.ts";
import { notAsExpected } from "../composing/option-checks.ts";
import { outcomeOf } from "./quorum.ts";

/** What a request is about: its name, what is asked for, and when. */
export interface Opening {
  readonly request: string;
  readonly input: unknown;
  readonly now: number;
}

/**
 * Opens a request. All who may ever decide it are named now, those of later rungs too, so that whatever is wrong with them is told to who asks,
 * and a rung can be reached whatever has become of what names them.
 *
 * @throws `INVALID_KEY`, `INVALID_OPTIONS` when people are none, or all of them are too few for the quorum; what the options' functions throw
 */
export function openBallot(
  type: string,
  rules: ApprovalRules,
  { request, input, now }: Opening,
): Ballot {
  const { approvers, requester, ladder, timeoutMs, quorum } = rules;
  const by =
    requester === undefined ? {} : { requester: checkId(requester(input), `requester of ${type}`) };
  const people = (name: ApprovalRules["approvers"]): readonly Approver[] =>
    name === undefined
      ? []
      : peopleOf(`approvers of ${type}`, name(input)).filter(
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
    ...(approvers !== undefined && { rungs: ladder.map((rung) => people(rung.approvers)) }),
    ...by,
  };
  const ballot = approvers === undefined ? asked : withApprovers(asked, people(approvers));
  const everybody = (ballot.rungs ?? []).reduce(withApprovers, ballot);
  if (outcomeOf(everybody, quorum, true) !== "open")
    throw notAsExpected(
      `approvers of ${type}`,
      "enough people for the quorum",
      everybody.approvers,
    );
  return note(ballot, {
    at: now,
    action: "asked",
    ...(ballot.requester !== undefined && { by: ballot.requester }),
  });
}
