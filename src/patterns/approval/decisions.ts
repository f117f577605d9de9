/**
 * The decisions of an approval, as pure functions: `(state, step, rules, now)` gives the next
 * state, the effects to carry out, and the answer to the caller. They read no clock and send
 * nothing.
 *
 * AD1 A decision, its audit entry and the end of the request are in one result, so one commit has
 *    all of them.
 * AD2 A request expires at its deadline. A late timer does not extend it.
 * AD3 An ended request is kept until its caller has the result, and for `keepFor` after that.
 */
import type { FutureHandle } from "../../futures/types/handle.ts";
import type { ApprovalRules, ApprovalState } from "./approval-options.ts";
import { delegate, expireOverdue, note, vote, withdrawBallot } from "./ballot.ts";
import type {
  AuditEntry,
  Ballot,
  BallotResult,
  Decision,
  DecisionAnswer,
  Delegation,
  Withdrawal,
} from "./ballot.ts";
import { openBallot } from "./open-ballot.ts";
import { quorumOutcome } from "./quorum.ts";
import { nextDueAt, remindOrEscalate } from "./reminder-schedule.ts";

/** A change that the handler carries out besides storing the next state. */
export type ApprovalEffect =
  | { readonly kind: "audit"; readonly request: string; readonly entry: AuditEntry }
  /** Keeps the state for this long, in ms. */
  | { readonly kind: "keep"; readonly forMs: number }
  /** Calls `ask` again, for a reminder or a new escalation level. */
  | { readonly kind: "askAgain"; readonly ballot: Ballot }
  | { readonly kind: "setTimer"; readonly request: string; readonly at: number }
  | { readonly kind: "cancelTimer" }
  /** Wakes the caller of the request. */
  | { readonly kind: "wake"; readonly waiting: FutureHandle<unknown> };

/** The result of one step. */
export interface ApprovalChange<Answer> {
  readonly state: ApprovalState;
  readonly effects: readonly ApprovalEffect[];
  readonly answer: Answer;
}

/** A decision of an approval. `now` is in ms since the epoch. */
export type ApprovalDecision<Step, Answer> = (
  state: ApprovalState,
  step: Step,
  rules: ApprovalRules,
  now: number,
) => ApprovalChange<Answer>;

/** The number of early decisions that are kept for an id. */
export const MAX_EARLY = 100;
/** Longer than any use of a request. Added to an instant, it still fits into a Date. */
export const UNLIMITED_MS = 36_500 * 86_400_000;

/** A new request: its name and its input. */
export interface RequestStep {
  readonly request: string;
  readonly input: unknown;
}

/**
 * Opens a request and counts the decisions that came early. The answer is the ballot, or
 * `undefined` if another request is open.
 *
 * @throws as {@link openBallot}
 */
export const openRequest: ApprovalDecision<RequestStep, Ballot | undefined> = (
  before,
  { request, input },
  rules,
  now,
) => {
  const expired = expireRequest(before, rules, now);
  const { ballot: previous, ended, early } = expired.state;
  if (previous?.status === "open") return { ...expired, answer: undefined };
  const opened = openBallot(rules, { request, input, now });
  const counted = early.reduce<Ballot>(
    (ballot, decision) => withOutcome(vote(ballot, decision, now).ballot, rules),
    opened,
  );
  // The caller of the previous request may not have its result yet.
  const stillWaited = previous?.waiting === undefined ? ended : [...ended, previous];
  const state = { ballot: counted, ended: stillWaited, early: [] };
  const effects = [...expired.effects, ...effectsOf(state, undefined, rules)];
  return { state, effects: [...effects, ...timerOf(counted, rules)], answer: counted };
};

/** Counts a decision, or keeps it if there is no request yet. */
export const decideRequest: ApprovalDecision<Decision, DecisionAnswer> = (
  state,
  decision,
  rules,
  now,
) =>
  state.ballot === undefined
    ? keepEarly(state, decision)
    : changeBallot(state, (ballot) => vote(ballot, decision, now), rules, now);

/** Gives an unused vote to another person. */
export const delegateVote: ApprovalDecision<Delegation, DecisionAnswer> = (
  state,
  step,
  rules,
  now,
) => changeBallot(state, (ballot) => delegate(ballot, step, now), rules, now);

/** Takes the request back. */
export const withdrawRequest: ApprovalDecision<Withdrawal, DecisionAnswer> = (
  state,
  step,
  rules,
  now,
) => changeBallot(state, (ballot) => withdrawBallot(ballot, step, now), rules, now);

/** Expires, escalates or reminds when the timer of a request fires, and sets the next one. */
export const wakeRequest: ApprovalDecision<string, void> = (before, request, rules, now) => {
  // The timer of a request that has ended since.
  if (before.ballot?.request !== request) return unchanged(before, undefined);
  const expired = expireRequest(before, rules, now);
  const { ballot } = expired.state;
  if (ballot?.status !== "open") return expired;
  const told = remindOrEscalate(ballot, rules, now);
  const { state, effects } = store(expired.state, withOutcome(told, rules), rules);
  if (state.ballot?.status !== "open") return { state, effects, answer: undefined };
  const again = told === ballot ? [] : [{ kind: "askAgain" as const, ballot: told }];
  return { state, effects: [...effects, ...again, ...timerOf(told, rules)], answer: undefined };
};

/** The end of a request's wait: it was canceled, or another failure ended it. */
export interface ConcludeStep {
  readonly request: string;
  readonly isCanceled: boolean;
}

/**
 * Ends the wait of a request's caller. The answer is the ballot as it ended before, or `undefined`
 * if the wait ended while the request was open. Such a request is withdrawn if its caller was
 * canceled, and fails otherwise.
 */
export const concludeRequest: ApprovalDecision<ConcludeStep, Ballot | undefined> = (
  before,
  { request, isCanceled },
  rules,
  now,
) => {
  const ballot = [...before.ended, before.ballot].find((each) => each?.request === request);
  const isOpen = ballot?.status === "open";
  const { state, effects } = isOpen
    ? store(before, endOpenBallot(ballot, isCanceled, now), rules)
    : unchanged(before, undefined);
  const told = withoutWaiting(state, request);
  const keep = { kind: "keep" as const, forMs: keepForMs(told, rules) };
  return { state: told, effects: [...effects, keep], answer: isOpen ? undefined : ballot };
};

/** Returns the ballot with the outcome of its decisions at the level that has been reached. */
function withOutcome(ballot: Ballot, { quorum, escalation }: ApprovalRules): Ballot {
  if (ballot.status !== "open") return ballot;
  return { ...ballot, status: quorumOutcome(ballot, quorum, ballot.level === escalation.length) };
}

function endOpenBallot(ballot: Ballot, isCanceled: boolean, now: number): Ballot {
  const [status, comment] = isCanceled
    ? (["withdrawn", "canceled"] as const)
    : (["failed", "the approvers could not be asked"] as const);
  return note({ ...ballot, status }, { at: now, action: status, comment });
}

function changeBallot(
  state: ApprovalState,
  act: (ballot: Ballot) => BallotResult,
  rules: ApprovalRules,
  now: number,
): ApprovalChange<DecisionAnswer> {
  if (state.ballot === undefined)
    return unchanged(state, { status: "refused", reason: "no request" });
  const { ballot, answer } = act(expireOverdue(state.ballot, now));
  const after = withOutcome(ballot, rules);
  const change = store(state, after, rules);
  const isAboutBallot = answer.ballot !== undefined;
  return { ...change, answer: isAboutBallot ? { ...answer, ballot: after.status } : answer };
}

/** A decision that names a request was meant for one that is gone: future names are unknown. */
function keepEarly(state: ApprovalState, decision: Decision): ApprovalChange<DecisionAnswer> {
  const { early } = state;
  const refused = { status: "refused", reason: "no request" } as const;
  if (decision.request !== undefined) return unchanged(state, refused);
  const before = early.find(({ by }) => by === decision.by);
  if (before !== undefined)
    return unchanged(state, {
      status: before.decision === decision.decision ? "same" : "opposite",
    });
  if (early.length >= MAX_EARLY) return unchanged(state, refused);
  const next = { ...state, early: [...early, decision] };
  return { state: next, effects: [], answer: { status: "early" } };
}

function expireRequest(
  state: ApprovalState,
  rules: ApprovalRules,
  now: number,
): ApprovalChange<void> {
  const { ballot } = state;
  const current = ballot && expireOverdue(ballot, now);
  return current === undefined || current === ballot
    ? unchanged(state, undefined)
    : store(state, current, rules);
}

/** Stores the next ballot of the same request. */
function store(before: ApprovalState, ballot: Ballot, rules: ApprovalRules): ApprovalChange<void> {
  const state = { ...before, ballot };
  return { state, effects: effectsOf(state, before.ballot, rules), answer: undefined };
}

/** Lists the effects of a new ballot: its new audit entries, and the end of the request's wait. */
function effectsOf(
  state: ApprovalState & { readonly ballot: Ballot },
  before: Ballot | undefined,
  rules: ApprovalRules,
): readonly ApprovalEffect[] {
  const { ballot } = state;
  const entries = ballot.audit.slice(before?.audit.length ?? 0);
  const effects: ApprovalEffect[] = entries.map((entry) => ({
    kind: "audit",
    request: ballot.request,
    entry,
  }));
  effects.push({ kind: "keep", forMs: keepForMs(state, rules) });
  if (ballot.status === "open" || before?.status !== "open") return effects;
  effects.push({ kind: "cancelTimer" });
  if (ballot.waiting !== undefined) effects.push({ kind: "wake", waiting: ballot.waiting });
  return effects;
}

/** Sets the timer of an open request to the next instant at which anything is due. */
function timerOf(ballot: Ballot, rules: ApprovalRules): readonly ApprovalEffect[] {
  const at = ballot.status === "open" ? nextDueAt(ballot, rules) : undefined;
  return at === undefined ? [] : [{ kind: "setTimer", request: ballot.request, at }];
}

function keepForMs({ ballot, ended }: ApprovalState, { keepMs }: ApprovalRules): number {
  const isNeeded = ballot?.status === "open" || ballot?.waiting !== undefined || ended.length > 0;
  return isNeeded ? UNLIMITED_MS : keepMs;
}

/** Removes the waiting caller of a request, once it has the result. */
function withoutWaiting({ ballot, ended, early }: ApprovalState, request: string): ApprovalState {
  const others = ended.length === 0 ? ended : ended.filter((other) => other.request !== request);
  if (ballot?.request !== request) return { ballot, ended: others, early };
  const { waiting: _, ...rest } = ballot;
  return { ballot: rest, ended: others, early };
}

function unchanged<Answer>(state: ApprovalState, answer: Answer): ApprovalChange<Answer> {
  return { state, effects: [], answer };
}
