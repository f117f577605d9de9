import { HandbackError } from "../core/errors.ts";
import { checkId } from "../core/names.ts";
import { value } from "../core/value.ts";
import type { Context } from "../futures/context.ts";
import type { StatefulFunction } from "../futures/define.ts";
import type { StatefulFn } from "../futures/function.ts";
import type { Settlement } from "../futures/future.ts";
import { stateful } from "../futures/stateful.ts";
import { peopleOf, rulesOf } from "./approval-options.ts";
import type { Approval, ApprovalOptions, ApprovalRequest, ApprovalState } from "./approval-options.ts";
import { delegate, note, outcomeOf, overdue, vote, withApprovers, withdraw } from "./ballot.ts";
import type { Answered, Approver, Ballot, Decision, DecisionAnswer, Delegation, Withdrawal } from "./ballot.ts";
import { mainOperation } from "./main-operation.ts";
import { notAsExpected } from "./option-checks.ts";
import { partsAmong, sendTo } from "./outlet.ts";
import { partOf, shaped, shapeOf, durationInWords } from "./shape.ts";
import type { Shape } from "./shape.ts";

type Ctx = Context<ApprovalState>;

/** The operations that are nobody else's business. */
interface Parts extends StatefulFunction<ApprovalState> {
  readonly due: StatefulFn<string, void>;
  readonly conclude: StatefulFn<{ readonly result: Settlement<unknown>; readonly args: string }, unknown>;
}

/** Token of the one message that an address has under way to itself. */
const TIMER = "due";
const MAX_EARLY = 100;
/** Added to an instant, it is one that a Date can hold, and that nobody sees. */
const FOR_EVER = 36_500 * 86_400_000;

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
export function approval<Input, Ended = never>(type: string, options: ApprovalOptions<Input, Ended>): Approval<Input, Ended> {
  // Inside, what is asked for and what comes of a timeout are values like any other.
  const { quorum, ladder, remind, timeoutMs, keepMs, ask, approvers, requester, onTimeout, audit } = rulesOf(
    type,
    options as unknown as ApprovalOptions<unknown, unknown>,
  );

  const self = stateful(type, {
    state: {
      ballot: value<Ballot>(),
      ended: value<readonly Ballot[]>([]),
      early: value<readonly Decision[]>([], { expireAfterWrite: "7d" }),
    },
    parts: partsAmong([ask, onTimeout, audit]),
    handlers: {
      request(ctx, input: unknown): unknown {
        if (ctx.state.ballot?.status === "open")
          throw new HandbackError("ALREADY_OPEN", `${type} has an open request ${ctx.self.id}`, { details: { id: ctx.self.id } });
        // Whoever waits for the one before may not have been told yet how that ended.
        if (ctx.state.ballot?.waiting !== undefined) ctx.state.ended = [...ctx.state.ended, ctx.state.ballot];
        const ballot = opened(ctx, input);
        if (outcomeOf(ballot, quorum, ladder.length === 0) !== "open")
          throw notAsExpected(`approvers of ${type}`, "enough people for the quorum", ballot.approvers);
        const { early } = ctx.state;
        delete (ctx.state as Partial<ApprovalState>).early;
        const count = (before: Ballot, decision: Decision): Ballot => settled(vote(before, decision, ballot.askedAt).ballot);
        const counted = early.reduce(count, ballot);
        save(ctx, undefined, counted);
        if (counted.status !== "open") return resultOf(ctx, counted);
        const asked = ctx.invoke(ask, requestOf(ctx, counted), ask.operation === undefined ? {} : { id: ctx.self.id });
        const waiting = ctx.promise();
        ctx.state.ballot = { ...counted, waiting: waiting.handle() };
        arm(ctx, counted);
        return ctx.onSettled(ctx.all([asked, waiting]), self.conclude, ballot.request, { id: ctx.self.id });
      },
      decide(ctx, decision: Decision): DecisionAnswer {
        checkId(decision.by, `by of a decision of ${type}`);
        if (decision.decision !== "approve" && decision.decision !== "reject")
          throw new HandbackError("INVALID_INPUT", `decision of ${type}: expected "approve" or "reject"`);
        return ctx.state.ballot === undefined ? keepEarly(ctx, decision) : change(ctx, (ballot, now) => vote(ballot, decision, now));
      },
      delegate(ctx, step: Delegation): DecisionAnswer {
        checkId(step.by, `by of a delegation of ${type}`);
        checkId(step.to, `to of a delegation of ${type}`);
        return change(ctx, (ballot, now) => delegate(ballot, step, now));
      },
      withdraw(ctx, step: Withdrawal): DecisionAnswer {
        checkId(step.by, `by of a withdrawal of ${type}`);
        return change(ctx, (ballot, now) => withdraw(ballot, step, now));
      },
      /** Wakes at the next instant at which something is due. */
      due(ctx, request: string): void {
        const { ballot } = ctx.state;
        if (ballot?.request !== request || ballot.status !== "open") return;
        const now = ctx.now();
        const current = overdue(ballot, now);
        if (current.status === "open") tellAgain(ctx, ballot, now);
        else save(ctx, ballot, current);
      },
      /** It is over: because it was decided, which has cancelled what this waited for, or because it could not go on. */
      conclude(
        ctx,
        { result: { status, ...end }, args: request }: { readonly result: Settlement<unknown>; readonly args: string },
      ): unknown {
        const reason = "reason" in end ? end.reason : status;
        const { ballot: latest, ended } = ctx.state;
        const ballot = [...ended, latest].find((each) => each?.request === request);
        if (ballot?.status === "open") {
          const wasCancelled = typeof reason === "object" && reason.code === "CANCELLED";
          const [action, comment] = wasCancelled ? (["withdrawn", "cancelled"] as const) : (["failed", "nobody could be asked"] as const);
          save(ctx, ballot, note({ ...ballot, status: action }, { at: ctx.now(), action, comment }));
        }
        forgetWaiting(ctx, request);
        return ballot === undefined || ballot.status === "open" ? ctx.rejected(reason) : resultOf(ctx, ballot);
      },
    },
    queries: {
      view(ctx): Omit<Ballot, "waiting"> | undefined {
        if (ctx.state.ballot === undefined) return undefined;
        const { waiting: _, ...ballot } = ctx.state.ballot;
        return ballot;
      },
    },
  }) as unknown as Parts;

  const people = (given: readonly (string | Approver)[], { requester: asking }: { readonly requester?: string }): readonly Approver[] =>
    peopleOf(`approvers of ${type}`, given).filter(({ person }) => person !== asking);

  function opened(ctx: Ctx, input: unknown): Ballot {
    const now = ctx.now();
    const by = requester === undefined ? {} : { requester: checkId(requester(input), `requester of ${type}`) };
    const ballot: Ballot = {
      request: ctx.idempotencyKey,
      input,
      status: "open",
      askedAt: now,
      level: 0,
      reminders: 0,
      toldAt: now,
      decisions: [],
      audit: [],
      ...(timeoutMs !== undefined && { expiresAt: now + timeoutMs }),
      ...(approvers !== undefined && { approvers: people(approvers(input), by) }),
      ...by,
    };
    return note(ballot, { at: now, action: "asked", ...(ballot.requester !== undefined && { by: ballot.requester }) });
  }

  /** What decisions have come to, on the rung that has been reached. */
  function settled(ballot: Ballot): Ballot {
    return ballot.status === "open" ? { ...ballot, status: outcomeOf(ballot, quorum, ballot.level === ladder.length) } : ballot;
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
      for (const entry of after.audit.slice(before?.audit.length ?? 0)) sendTo(ctx, audit, { ...about, ...entry });
    }
    ctx.expireAfter(after.status === "open" ? FOR_EVER : keepMs);
    if (after.status === "open" || before?.status !== "open") return;
    ctx.cancelSend(TIMER);
    if (after.waiting !== undefined) ctx.cancel(ctx.future(after.waiting));
  }

  function keepEarly(ctx: Ctx, decision: Decision): DecisionAnswer {
    const { early } = ctx.state;
    const before = early.find(({ by }) => by === decision.by);
    if (before !== undefined) return { status: before.decision === decision.decision ? "same" : "opposite" };
    if (early.length >= MAX_EARLY) return { status: "refused", reason: "no request" };
    ctx.state.early = [...early, decision];
    return { status: "early" };
  }

  /** Goes up the ladder, or reminds, once however long it was put off; then sets the timer again. */
  function tellAgain(ctx: Ctx, ballot: Ballot, now: number): void {
    let told = ballot;
    for (const { afterMs, approvers: more } of ladder.slice(ballot.level)) {
      if (ballot.askedAt + afterMs > now) break;
      const raised = ballot.approvers === undefined ? told : withApprovers(told, people(more?.(ballot.input) ?? [], ballot));
      told = note({ ...raised, level: told.level + 1, toldAt: now }, { at: now, action: "escalated" });
    }
    if (told === ballot && remind !== undefined && ballot.reminders < remind.times && ballot.toldAt + remind.everyMs <= now)
      told = note({ ...ballot, reminders: ballot.reminders + 1, toldAt: now }, { at: now, action: "reminded" });
    save(ctx, ballot, settled(told));
    if (ctx.state.ballot?.status !== "open") return;
    if (told !== ballot) sendTo(ctx, ask, requestOf(ctx, told));
    arm(ctx, told);
  }

  function arm(ctx: Ctx, ballot: Ballot): void {
    const rung = ladder[ballot.level];
    const instants = [
      ballot.expiresAt,
      rung && ballot.askedAt + rung.afterMs,
      remind && ballot.reminders < remind.times ? ballot.toldAt + remind.everyMs : undefined,
    ].filter((at) => at !== undefined);
    if (instants.length === 0) return;
    const delay = Math.max(0, Math.min(...instants) - ctx.now());
    ctx.send(self.due, ballot.request, { id: ctx.self.id, delay, token: TIMER });
  }

  /** Whoever waited for the request has been told. */
  function forgetWaiting(ctx: Ctx, request: string): void {
    const { ballot, ended } = ctx.state;
    if (ended.length > 0) ctx.state.ended = ended.filter((other) => other.request !== request);
    if (ballot?.request !== request) return;
    const { waiting: _, ...rest } = ballot;
    ctx.state.ballot = rest;
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

  function resultOf(ctx: Ctx, ballot: Ballot): object {
    const { status, decisions, audit } = ballot;
    const about = { status, decisions, audit };
    if (status !== "expired" || onTimeout === undefined) return about;
    const at = onTimeout.operation === undefined ? {} : { id: ctx.self.id };
    return { ...about, value: ctx.invoke(onTimeout, requestOf(ctx, ballot), at) };
  }

  const made = mainOperation(self as unknown as Approval<Input, Ended>, "request", ["decide", "delegate", "withdraw", "view"]);
  const shape: Shape = {
    kind: "approval",
    name: type,
    ask: shapeOf(ask),
    quorum: `quorum ${options.quorum ?? 1}`,
    again: [remind && "reminder", ladder.length > 0 && "next rung"].filter(Boolean).join(", "),
    expires: options.timeout === undefined ? "" : `after ${durationInWords(options.timeout)}`,
    ...(onTimeout !== undefined && { onTimeout: shapeOf(onTimeout) }),
    ...(audit !== undefined && { audit: partOf(audit) }),
  };
  shaped(made.request, shape);
  return shaped(made, shape);
}
