import type { FutureHandle } from "../../futures/types/handle.ts";

/** Somebody who may decide, and as what. */
export interface Approver {
  /** A person has one vote, and one role: the first that is named. */
  readonly person: string;
  readonly role?: string;
}

/** What somebody has decided. */
export interface Decision {
  readonly by: string;
  readonly decision: "approve" | "reject";
  readonly comment?: string;
  /** Which request it is meant for; default: the one there is. */
  readonly request?: string;
}

/** A decision that was recorded. */
export interface Recorded extends Decision {
  readonly role?: string;
  readonly at: number;
}

/** Somebody who gives up what he or she could have decided. */
export interface Delegation {
  readonly by: string;
  readonly to: string;
  readonly comment?: string;
  readonly request?: string;
}

/** Somebody who takes a request back. */
export interface Withdrawal {
  readonly by: string;
  readonly comment?: string;
  readonly request?: string;
}

/** How a request stands, or ended. `failed`: those who were to decide could not be asked. */
export type BallotStatus = "open" | "approved" | "rejected" | "expired" | "withdrawn" | "failed";

/** One thing that happened to a request. */
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

/** A request and all that has happened to it. */
export interface Ballot {
  /** Names this request among those of its id, and all others. */
  readonly request: string;
  readonly input: unknown;
  readonly status: BallotStatus;
  readonly askedAt: number;
  readonly expiresAt?: number;
  /** Escalation level that has been reached, from 0. */
  readonly level: number;
  /** Reminders so far, and when those who are to decide were last told. */
  readonly reminders: number;
  readonly toldAt: number;
  /** Who may decide; absent: anyone. */
  readonly approvers?: readonly Approver[];
  /** Approvers that each escalation level adds. Absent if anyone may decide. */
  readonly levels?: readonly (readonly Approver[])[];
  /** Who may not, having asked. */
  readonly requester?: string;
  readonly decisions: readonly Recorded[];
  readonly audit: readonly AuditEntry[];
  /** What is cancelled when the request is over, to wake who waits for that. */
  readonly waiting?: FutureHandle<unknown>;
}

/** What somebody is told who decides, delegates or withdraws. */
export interface DecisionAnswer {
  /**
   * - `recorded`: it counts
   * - `same`: this person had decided so before; nothing has changed
   * - `opposite`: this person had decided otherwise before, which stands
   * - `over`: the request had ended
   * - `refused`: this person may not; `reason` says why
   * - `early`: nobody has asked yet; it is kept, and counts once somebody does
   */
  readonly status: "recorded" | "same" | "opposite" | "over" | "refused" | "early";
  /** How the request stands now; absent when there is none. */
  readonly ballot?: BallotStatus;
  /** What this person had decided before. */
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

/** A ballot after something was done to it, and what is said about that. */
export interface Answered {
  readonly ballot: Ballot;
  readonly answer: DecisionAnswer;
}

/** Counts a decision. Whoever has decided stays by that: one person, one vote. */
export function vote(ballot: Ballot, decision: Decision, now: number): Answered {
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
    { at: now, action, ...said(decision) },
  );
  return { ballot: noted, answer: { status: "recorded", ballot: noted.status } };
}

/** Hands a vote that was not cast on to somebody who has none. */
export function delegate(ballot: Ballot, step: Delegation, now: number): Answered {
  const { by, to } = step;
  const refused = refusal(ballot, step);
  if (refused !== undefined) return { ballot, answer: refused };
  if (ballot.status !== "open")
    return { ballot, answer: { status: "over", ballot: ballot.status } };
  const refuse = (reason: NonNullable<DecisionAnswer["reason"]>): Answered => ({
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
      { at: now, action: "delegated", to, ...said(step) },
    ),
    answer: { status: "recorded", ballot: ballot.status },
  };
}

/** Takes a request back: its requester may, or anyone when it has none. */
export function withdraw(ballot: Ballot, step: Withdrawal, now: number): Answered {
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
    { at: now, action: "withdrawn", ...said(step) },
  );
  return { ballot: withdrawn, answer: { status: "recorded", ballot: withdrawn.status } };
}

/** A request whose time is up has expired, whether a timer has said so or not: timers may be late. */
export function overdue(ballot: Ballot, now: number): Ballot {
  if (ballot.status !== "open" || ballot.expiresAt === undefined || now < ballot.expiresAt)
    return ballot;
  return note({ ...ballot, status: "expired" }, { at: now, action: "expired" });
}

/** Adds people who may decide: each once, in the role that is named first, and nobody whose vote was handed on. */
export function withApprovers(ballot: Ballot, more: readonly Approver[]): Ballot {
  const approvers = new Map(
    (ballot.approvers ?? []).map((approver) => [approver.person, approver]),
  );
  for (const approver of more)
    if (!approvers.has(approver.person) && !hasDelegated(ballot, approver.person))
      approvers.set(approver.person, approver);
  return { ...ballot, approvers: [...approvers.values()] };
}

/** Writes down what has happened. */
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

/** Who did it, and what they said. */
function said({
  by,
  comment,
}: {
  readonly by: string;
  readonly comment?: string;
}): Pick<AuditEntry, "by" | "comment"> {
  return { by, ...(comment !== undefined && { comment }) };
}
