import { HandbackError } from "../../core/errors/errors.ts";
import { value } from "../../core/state/value.ts";
import type { Context } from "../../futures/types/context.ts";
import type { Future, Settlement } from "../../futures/types/future.ts";
import { stateful } from "../../futures/define/stateful.ts";
import { approvalRules } from "./approval-options.ts";
import type {
  Approval,
  ApprovalOptions,
  ApprovalRequest,
  ApprovalResult,
  ApprovalState,
} from "./approval-options.ts";
import { delegate, note, overdue, vote, withdraw } from "./ballot.ts";
import type {
  Answered,
  Ballot,
  Decision,
  DecisionAnswer,
  Delegation,
  Withdrawal,
} from "./ballot.ts";
import { readDecision, readDelegation, readWithdrawal } from "./decision-input.ts";
import { mainOperation } from "../composing/default-operation.ts";
import { openBallot } from "./open-ballot.ts";
import { functionsAmong, sendToDestination } from "../composing/destination.ts";
import { outcomeOf } from "./quorum.ts";
import { nextDueAt, remindOrEscalate } from "./reminder-schedule.ts";
import { partOf, shaped, shapeOf, durationInWords } from "../diagram/shape.ts";
import type { Shape } from "../diagram/shape.ts";

type Ctx = Context<ApprovalState>;

/** What an approval waited for has ended, and which request that was for. */
interface Concluded {
  readonly result: Settlement<unknown>;
  readonly args: string;
}

/** What an approval comes to, at once or later; what its `onTimeout` gives is besides. */
type Outcome = ApprovalResult | Future<ApprovalResult>;

/** Token of the one message that an address has under way to itself. */
const TIMER = "due";
const MAX_EARLY = 100;
/** Added to an instant, it is one that a Date can hold, and that nobody sees. */
const FOR_EVER = 36_500 * 86_400_000;

/** A ballot as version 1 stored it. */
type BallotV1 = Omit<Ballot, "levels"> & { readonly rungs?: Ballot["levels"] };

/** Renames the escalation levels of version 1. */
function migrateApproval(old: Record<string, unknown>): ApprovalState {
  const {
    ballot,
    ended = [],
    early = [],
  } = old as {
    readonly ballot?: BallotV1;
    readonly ended?: readonly BallotV1[];
    readonly early?: readonly Decision[];
  };
  return { ballot: ballot && migrateBallot(ballot), ended: ended.map(migrateBallot), early };
}

function migrateBallot({ rungs, ...ballot }: BallotV1): Ballot {
  return rungs === undefined ? ballot : { ...ballot, levels: rungs };
}

/**
 * Asks people, and waits for what they decide: an hour or a year, at no cost.
 *
 * Decisions are messages to the request's id, and are counted one at a time: the one that decides is in the same commit as the audit's
 * entry about it. Decisions that come before anybody has asked are kept; late, repeated and opposite ones are answered as such.
 *
 * @throws `INVALID_OPTIONS`, `INVALID_DELAY`, `INVALID_NAME`
 * @example
 * import { embedded, fn, memory } from "handback";
 * import { approval } from "handback/patterns";
 * import type { ApprovalRequest } from "handback/patterns";
 *
 * const mail = fn("docs/mail", (ctx, { id, input }: ApprovalRequest<{ euros: number }>) => ctx.log.info(`${id}: may we spend ${input.euros}?`));
 * const approved = approval("docs/approve", { ask: mail, timeout: "72h", quorum: 2 });
 *
 * const engine = await embedded({ functions: [approved], store: memory() });
 * const flow = await engine.client.start(approved, { euros: 900 }, { id: "expense-7" });
 * await engine.client.call(approved.decide, { by: "ada", decision: "approve" }, { id: "expense-7" });
 * await engine.client.call(approved.decide, { by: "bob", decision: "approve" }, { id: "expense-7" });
 * console.log((await flow.result()).status); // approved
 * await engine.close();
 */
export function approval<Input, Ended = never>(
  type: string,
  options: ApprovalOptions<Input, Ended>,
): Approval<Input, Ended>;
// Inside, what is asked for is a value like any other.
export function approval(
  type: string,
  options: ApprovalOptions<unknown, unknown>,
): Approval<unknown> {
  const rules = approvalRules(type, options);
  const { quorum, escalation, keepMs, ask, onTimeout, audit } = rules;

  const self = stateful(type, {
    state: {
      ballot: value<Ballot>(),
      ended: value<readonly Ballot[]>([]),
      early: value<readonly Decision[]>([], { expireAfterWrite: "7d" }),
    },
    version: 2,
    migrate: migrateApproval,
    parts: functionsAmong([ask, onTimeout, audit]),
    handlers: {
      request(ctx, input: unknown): Outcome {
        expireIfDue(ctx);
        if (ctx.state.ballot?.status === "open")
          throw new HandbackError("ALREADY_OPEN", `${type} has an open request ${ctx.self.id}`, {
            details: { id: ctx.self.id },
          });
        // Whoever waits for the one before may not have been told yet how that ended.
        if (ctx.state.ballot?.waiting !== undefined)
          ctx.state.ended = [...ctx.state.ended, ctx.state.ballot];
        const ballot = openBallot(type, rules, {
          request: ctx.idempotencyKey,
          input,
          now: ctx.now(),
        });
        const { early } = ctx.state;
        delete (ctx.state as Partial<ApprovalState>).early;
        const count = (before: Ballot, decision: Decision): Ballot =>
          settled(vote(before, decision, ballot.askedAt).ballot);
        const counted = early.reduce(count, ballot);
        save(ctx, undefined, counted);
        const result = resultOf(ctx, counted);
        if (result !== undefined) return result;
        const asked = ctx.invoke(
          ask,
          requestOf(ctx, counted),
          ask.operation === undefined ? {} : { id: ctx.self.id },
        );
        const waiting = ctx.promise();
        ctx.state.ballot = { ...counted, waiting: waiting.handle() };
        arm(ctx, counted);
        return ctx.onSettled(ctx.all([asked, waiting]), self.conclude, ballot.request, {
          id: ctx.self.id,
        });
      },
      decide(ctx, given: Decision): DecisionAnswer {
        const decision = readDecision(`a decision of ${type}`, given);
        return ctx.state.ballot === undefined
          ? keepEarly(ctx, decision)
          : change(ctx, (ballot, now) => vote(ballot, decision, now));
      },
      delegate(ctx, given: Delegation): DecisionAnswer {
        const step = readDelegation(`a delegation of ${type}`, given);
        return change(ctx, (ballot, now) => delegate(ballot, step, now));
      },
      withdraw(ctx, given: Withdrawal): DecisionAnswer {
        const step = readWithdrawal(`a withdrawal of ${type}`, given);
        return change(ctx, (ballot, now) => withdraw(ballot, step, now));
      },
      /** Wakes at the next instant at which something is due. */
      due(ctx, request: string): void {
        if (ctx.state.ballot?.request !== request) return;
        expireIfDue(ctx);
        const { ballot } = ctx.state;
        if (ballot.status === "open") tellAgain(ctx, ballot, ctx.now());
      },
      /** It is over: because it was decided, which has cancelled what this waited for, or because it could not go on. */
      conclude(ctx, { result: { status, ...end }, args: request }: Concluded): Outcome {
        const reason = "reason" in end ? end.reason : status;
        const { ballot: latest, ended } = ctx.state;
        const ballot = [...ended, latest].find((each) => each?.request === request);
        if (ballot?.status === "open") {
          const wasCancelled = typeof reason === "object" && reason.code === "CANCELLED";
          const [action, comment] = wasCancelled
            ? (["withdrawn", "cancelled"] as const)
            : (["failed", "nobody could be asked"] as const);
          save(
            ctx,
            ballot,
            note({ ...ballot, status: action }, { at: ctx.now(), action, comment }),
          );
        }
        forgetWaiting(ctx, request);
        return (ballot && resultOf(ctx, ballot)) ?? ctx.rejected(reason);
      },
    },
    queries: {
      view(ctx): Omit<Ballot, "waiting"> | undefined {
        if (ctx.state.ballot === undefined) return undefined;
        const { waiting: _, ...ballot } = overdue(ctx.state.ballot, ctx.now());
        return ballot;
      },
    },
  });

  /** Returns the ballot with the outcome of its decisions at the level that has been reached. */
  function settled(ballot: Ballot): Ballot {
    return ballot.status === "open"
      ? { ...ballot, status: outcomeOf(ballot, quorum, ballot.level === escalation.length) }
      : ballot;
  }

  /** Does something to the request, unless its time was up before: a timer may be late, and a deadline is one all the same. */
  function change(ctx: Ctx, act: (ballot: Ballot, now: number) => Answered): DecisionAnswer {
    const now = ctx.now();
    const { ballot: before } = ctx.state;
    if (before === undefined) return { status: "refused", reason: "no request" };
    const { ballot, answer } = act(overdue(before, now), now);
    const after = settled(ballot);
    save(ctx, before, after);
    return answer.ballot === undefined ? answer : { ...answer, ballot: after.status };
  }

  /** Keeps a ballot, tells the audit what is new in it, and wakes who waits when it has ended. */
  function save(ctx: Ctx, before: Ballot | undefined, after: Ballot): void {
    ctx.state.ballot = after;
    if (audit !== undefined) {
      const about = { approval: type, id: ctx.self.id, request: after.request };
      for (const entry of after.audit.slice(before?.audit.length ?? 0))
        sendToDestination(ctx, audit, { ...about, ...entry });
    }
    keepAsLong(ctx);
    if (after.status === "open" || before?.status !== "open") return;
    ctx.cancelSend(TIMER);
    if (after.waiting !== undefined) ctx.cancel(ctx.future(after.waiting));
  }

  /** A timer may be late, and a deadline is one all the same. */
  function expireIfDue(ctx: Ctx): void {
    const { ballot } = ctx.state;
    if (ballot === undefined) return;
    const current = overdue(ballot, ctx.now());
    if (current !== ballot) save(ctx, ballot, current);
  }

  /** A request is kept until it is over and who waits for that has been told, and then for as long as was asked for. */
  function keepAsLong(ctx: Ctx): void {
    const { ballot, ended } = ctx.state;
    const isNeeded = ballot?.status === "open" || ballot?.waiting !== undefined || ended.length > 0;
    ctx.expireAfter(isNeeded ? FOR_EVER : keepMs);
  }

  /** What names a request was meant for one that is gone: nobody knows what those to come are called. */
  function keepEarly(ctx: Ctx, decision: Decision): DecisionAnswer {
    const { early } = ctx.state;
    if (decision.request !== undefined) return { status: "refused", reason: "no request" };
    const before = early.find(({ by }) => by === decision.by);
    if (before !== undefined)
      return { status: before.decision === decision.decision ? "same" : "opposite" };
    if (early.length >= MAX_EARLY) return { status: "refused", reason: "no request" };
    ctx.state.early = [...early, decision];
    return { status: "early" };
  }

  /** Tells those who are to decide what is due to be told, then sets the timer again. */
  function tellAgain(ctx: Ctx, ballot: Ballot, now: number): void {
    const told = remindOrEscalate(ballot, rules, now);
    const after = settled(told);
    save(ctx, ballot, after);
    if (after.status !== "open") return;
    if (told !== ballot) sendToDestination(ctx, ask, requestOf(ctx, told));
    arm(ctx, told);
  }

  function arm(ctx: Ctx, ballot: Ballot): void {
    const at = nextDueAt(ballot, rules);
    if (at !== undefined)
      ctx.send(self.due, ballot.request, {
        id: ctx.self.id,
        delay: Math.max(0, at - ctx.now()),
        token: TIMER,
      });
  }

  /** Whoever waited for the request has been told. */
  function forgetWaiting(ctx: Ctx, request: string): void {
    const { ballot, ended } = ctx.state;
    if (ended.length > 0) ctx.state.ended = ended.filter((other) => other.request !== request);
    if (ballot?.request === request) {
      const { waiting: _, ...rest } = ballot;
      ctx.state.ballot = rest;
    }
    keepAsLong(ctx);
  }

  function requestOf(ctx: Ctx, ballot: Ballot): ApprovalRequest<unknown> {
    const { request, input, level, reminders, approvers, decisions, askedAt, expiresAt } = ballot;
    const undecided = approvers?.filter(({ person }) => !decisions.some(({ by }) => by === person));
    return {
      approval: type,
      id: ctx.self.id,
      request,
      input,
      level,
      reminder: reminders,
      decisions,
      askedAt,
      ...(undecided !== undefined && { approvers: undecided }),
      ...(expiresAt !== undefined && { expiresAt }),
    };
  }

  /** What a request has come to; `undefined` while it is open, and when nobody could be asked. */
  function resultOf(ctx: Ctx, ballot: Ballot): ApprovalResult | undefined {
    const { status, decisions, audit } = ballot;
    if (status === "open" || status === "failed") return undefined;
    if (status !== "expired" || onTimeout === undefined) return { status, decisions, audit };
    const at = onTimeout.operation === undefined ? {} : { id: ctx.self.id };
    const expired = {
      status,
      decisions,
      audit,
      value: ctx.invoke(onTimeout, requestOf(ctx, ballot), at),
    };
    return expired;
  }

  const made = mainOperation<Approval<unknown>>(self, "request", [
    "decide",
    "delegate",
    "withdraw",
    "view",
  ]);
  const shape: Shape = {
    kind: "approval",
    name: type,
    ask: shapeOf(ask),
    quorum: `quorum ${options.quorum ?? 1}`,
    again: [rules.remind && "reminder", escalation.length > 0 && "escalation"]
      .filter(Boolean)
      .join(", "),
    expires: options.timeout === undefined ? "" : `after ${durationInWords(options.timeout)}`,
    ...(onTimeout !== undefined && { onTimeout: shapeOf(onTimeout) }),
    ...(audit !== undefined && { audit: partOf(audit) }),
  };
  shaped(made.request, shape);
  return shaped(made, shape);
}
