import type { FutureHandle } from "../../futures/types/handle.ts";

/** A person who may decide, and the role in which they do. */
export interface Approver {
  /** Name of the person. A person has one vote, and one role: the first one named. */
  readonly person: string;
  readonly role?: string;
}

/** A decision of one person. */
export interface Decision {
  readonly by: string;
  readonly decision: "approve" | "reject";
  readonly comment?: string;
  /** Name of the request it is for. Default: the current one. */
  readonly request?: string;
}

/** A recorded decision. */
export interface Recorded extends Decision {
  readonly role?: string;
  readonly at: number;
}

/** Gives an unused vote to another person. */
export interface Delegation {
  readonly by: string;
  readonly to: string;
  readonly comment?: string;
  readonly request?: string;
}

/** Takes a request back. */
export interface Withdrawal {
  readonly by: string;
  readonly comment?: string;
  readonly request?: string;
}

/** The status of a request. `failed`: the approvers could not be asked. */
export type BallotStatus = "open" | "approved" | "rejected" | "expired" | "withdrawn" | "failed";

/** One event in the life of a request. */
export interface AuditEntry {
  readonly at: number;
  readonly action:
    | "asked"
    | "reminded"
    | "escalated"
    | "approved"
    | "rejected"
    | "delegated"
    | "withdrawn"
    | "expired"
    | "failed";
  readonly by?: string;
  readonly to?: string;
  readonly comment?: string;
}

/** A request, its decisions and its audit. */
export interface Ballot {
  /** Unique name of this request. */
  readonly request: string;
  readonly input: unknown;
  readonly status: BallotStatus;
  readonly askedAt: number;
  readonly expiresAt?: number;
  /** Current escalation level, from 0. */
  readonly level: number;
  /** Number of reminders so far. */
  readonly reminders: number;
  /** Instant of the last `ask`. */
  readonly toldAt: number;
  /** People who may decide. Absent if anyone may. */
  readonly approvers?: readonly Approver[];
  /** Approvers that each escalation level adds. Absent if anyone may decide. */
  readonly levels?: readonly (readonly Approver[])[];
  /** Name of the requester, who may not decide. */
  readonly requester?: string;
  readonly decisions: readonly Recorded[];
  readonly audit: readonly AuditEntry[];
  /** The promise that the caller waits for. It is canceled when the request ends. */
  readonly waiting?: FutureHandle<unknown>;
}

/** The answer to a decision, a delegation or a withdrawal. */
export interface DecisionAnswer {
  /**
   * - `recorded`: it counts
   * - `same`: this person already decided the same way, and nothing changes
   * - `opposite`: this person already decided the other way, and that decision stands
   * - `over`: the request has ended
   * - `refused`: it does not count, and `reason` says why
   * - `early`: there is no request yet, and the decision counts when there is one
   */
  readonly status: "recorded" | "same" | "opposite" | "over" | "refused" | "early";
  /** Current status of the request. Absent if there is none. */
  readonly ballot?: BallotStatus;
  /** The earlier decision of this person. */
  readonly decision?: Recorded;
  readonly reason?:
    | "not an approver"
    | "is the requester"
    | "has delegated"
    | "has decided"
    | "is an approver"
    | "not the requester"
    | "another request"
    | "no request";
}

/** A ballot after a step, and the answer to that step. */
export interface BallotResult {
  readonly ballot: Ballot;
  readonly answer: DecisionAnswer;
}

/** Counts a decision. A person has one vote and cannot change it. */
export function vote(ballot: Ballot, decision: Decision, now: number): BallotResult {
  const { by } = decision;
  const refused = refusal(ballot, decision);
  if (refused !== undefined) return { ballot, answer: refused };
  const earlier = ballot.decisions.find((other) => other.by === by);
  if (earlier !== undefined) {
    const status = earlier.decision === decision.decision ? "same" : "opposite";
    return { ballot, answer: { status, ballot: ballot.status, decision: earlier } };
  }
  if (ballot.status !== "open")
    return { ballot, answer: { status: "over", ballot: ballot.status } };
  const reason = ineligible(ballot, by);
  if (reason !== undefined)
    return { ballot, answer: { status: "refused", ballot: ballot.status, reason } };
  const role = ballot.approvers?.find(({ person }) => person === by)?.role;
  const { request: _, ...what } = decision;
  const recorded: Recorded = { ...what, ...(role !== undefined && { role }), at: now };
  const action = decision.decision === "approve" ? "approved" : "rejected";
  const noted = note(
    { ...ballot, decisions: [...ballot.decisions, recorded] },
    { at: now, action, ...authorOf(decision) },
  );
  return { ballot: noted, answer: { status: "recorded", ballot: noted.status } };
}

/** Gives an unused vote to a person who has none. */
export function delegate(ballot: Ballot, step: Delegation, now: number): BallotResult {
  const { by, to } = step;
  const refused = refusal(ballot, step);
  if (refused !== undefined) return { ballot, answer: refused };
  if (ballot.status !== "open")
    return { ballot, answer: { status: "over", ballot: ballot.status } };
  const refuse = (reason: NonNullable<DecisionAnswer["reason"]>): BallotResult => ({
    ballot,
    answer: { status: "refused", ballot: ballot.status, reason },
  });
  const { approvers = [] } = ballot;
  const hasDecided = (person: string): boolean =>
    ballot.decisions.some((other) => other.by === person);
  if (hasDecided(by) || hasDecided(to)) return refuse("has decided");
  const reason = ballot.approvers === undefined ? "not an approver" : ineligible(ballot, by);
  if (reason !== undefined) return refuse(reason);
  if (to === ballot.requester) return refuse("is the requester");
  if (approvers.some(({ person }) => person === to)) return refuse("is an approver");
  if (hasDelegated(ballot, to)) return refuse("has delegated");
  const handed = approvers.map((approver) =>
    approver.person === by ? { ...approver, person: to } : approver,
  );
  return {
    ballot: note(
      { ...ballot, approvers: handed },
      { at: now, action: "delegated", to, ...authorOf(step) },
    ),
    answer: { status: "recorded", ballot: ballot.status },
  };
}

/** Takes a request back. Its requester may, or anyone if it has none. */
export function withdrawBallot(ballot: Ballot, step: Withdrawal, now: number): BallotResult {
  const refused = refusal(ballot, step);
  if (refused !== undefined) return { ballot, answer: refused };
  if (ballot.status !== "open")
    return { ballot, answer: { status: "over", ballot: ballot.status } };
  if (ballot.requester !== undefined && ballot.requester !== step.by)
    return {
      ballot,
      answer: { status: "refused", ballot: ballot.status, reason: "not the requester" },
    };
  const withdrawn = note(
    { ...ballot, status: "withdrawn" },
    { at: now, action: "withdrawn", ...authorOf(step) },
  );
  return { ballot: withdrawn, answer: { status: "recorded", ballot: withdrawn.status } };
}

/** Expires a request that is past its deadline, even if its timer has not fired yet. */
export function expireOverdue(ballot: Ballot, now: number): Ballot {
  if (ballot.status !== "open" || ballot.expiresAt === undefined || now < ballot.expiresAt)
    return ballot;
  return note({ ...ballot, status: "expired" }, { at: now, action: "expired" });
}

/**
 * Adds approvers. Each person counts once, in the role named first. A person who delegated their
 * vote is not added again.
 */
export function withApprovers(ballot: Ballot, more: readonly Approver[]): Ballot {
  const approvers = new Map(
    (ballot.approvers ?? []).map((approver) => [approver.person, approver]),
  );
  for (const approver of more)
    if (!approvers.has(approver.person) && !hasDelegated(ballot, approver.person))
      approvers.set(approver.person, approver);
  return { ...ballot, approvers: [...approvers.values()] };
}

/** Adds an entry to the audit. */
export function note(ballot: Ballot, entry: AuditEntry): Ballot {
  return { ...ballot, audit: [...ballot.audit, entry] };
}

function refusal(
  { request, status }: Ballot,
  { request: meant }: { readonly request?: string },
): DecisionAnswer | undefined {
  return meant === undefined || meant === request
    ? undefined
    : { status: "refused", ballot: status, reason: "another request" };
}

function ineligible(ballot: Ballot, person: string): DecisionAnswer["reason"] {
  if (person === ballot.requester) return "is the requester";
  if (
    ballot.approvers === undefined ||
    ballot.approvers.some((approver) => approver.person === person)
  )
    return undefined;
  return hasDelegated(ballot, person) ? "has delegated" : "not an approver";
}

function hasDelegated({ audit }: Ballot, person: string): boolean {
  return audit.some(({ action, by }) => action === "delegated" && by === person);
}

/** The person and the comment of an audit entry. */
function authorOf({
  by,
  comment,
}: {
  readonly by: string;
  readonly comment?: string;
}): Pick<AuditEntry, "by" | "comment"> {
  return { by, ...(comment !== undefined && { comment }) };
}
