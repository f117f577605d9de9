import { callIdOf } from "../../core/activation/call-id.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import { value } from "../../core/state/value.ts";
import type { Context } from "../../futures/types/context.ts";
import { handbackCode } from "../../futures/types/handback-code.ts";
import type { StatefulFn } from "../../futures/types/function.ts";
import type { Future, Settlement } from "../../futures/types/future.ts";
import { stateful } from "../../futures/define/stateful.ts";
import { cancelAddressTimer, setAddressTimer } from "../composing/address-timer.ts";
import type { PatternName } from "../composing/pattern-name.ts";
import { defaultOperation } from "../composing/default-operation.ts";
import { functionsAmong, sendToDestination } from "../composing/destination.ts";
import { durationInWords, partOf, shaped, shapeOf } from "../diagram/shape.ts";
import type { Shape } from "../diagram/shape.ts";
import { approvalRules } from "./approval-options.ts";
import type {
  Approval,
  ApprovalOptions,
  ApprovalRequest,
  ApprovalResult,
  ApprovalRules,
  ApprovalState,
} from "./approval-options.ts";
import { expireOverdue } from "./ballot.ts";
import type { Ballot, Decision, DecisionAnswer, Delegation, Withdrawal } from "./ballot.ts";
import { readDecision, readDelegation, readWithdrawal } from "./decision-input.ts";
import {
  concludeRequest,
  decideRequest,
  delegateVote,
  openRequest,
  wakeRequest,
  withdrawRequest,
} from "./decisions.ts";
import type { ApprovalDecision, ApprovalEffect } from "./decisions.ts";
import { migrateApproval } from "./migrate-approval.ts";

type Ctx = Context<ApprovalState>;

/** The end of a request's wait, and the name of the request. */
interface Concluded {
  readonly result: Settlement<unknown>;
  readonly args: string;
}

/** The result of an approval, at once or later. The output of `onTimeout` comes on top. */
type Outcome = ApprovalResult | Future<ApprovalResult>;

/**
 * Asks people for a decision and waits for it, for an hour or a year, without running.
 *
 * An approval has one flow per id: `id` names both its state and its flow. Decisions are messages
 * to that id and are counted one at a time. A decision and its audit entry are in the same commit.
 * Decisions that arrive before the request are kept. Late, repeated and opposite ones are answered
 * as such.
 *
 * @throws `INVALID_OPTIONS`, `INVALID_DELAY`, `INVALID_NAME`
 * @example
 * import { embedded, fn, memory } from "handback";
 * import { approval } from "handback/patterns";
 * import type { ApprovalRequest } from "handback/patterns";
 *
 * type Expense = { euros: number };
 * const mail = fn("docs/mail", (ctx, { id, input }: ApprovalRequest<Expense>) =>
 *   ctx.log.info(`${id}: may we spend ${input.euros}?`),
 * );
 * const approved = approval("docs/approve", { ask: mail, timeout: "72h", quorum: 2 });
 *
 * const engine = await embedded({ functions: [approved], store: memory() });
 * const at = { id: "expense-7" };
 * const flow = await engine.client.start(approved, { euros: 900 }, at);
 * await engine.client.call(approved.decide, { by: "ada", decision: "approve" }, at);
 * await engine.client.call(approved.decide, { by: "bob", decision: "approve" }, at);
 * console.log((await flow.result()).status); // approved
 * await engine.close();
 */
export function approval<Input, Ended = never>(
  name: PatternName,
  options: ApprovalOptions<Input, Ended>,
): Approval<Input, Ended>;
// Inside, the input is a value like any other.
export function approval(
  name: PatternName,
  options: ApprovalOptions<unknown, unknown>,
): Approval<unknown> {
  const rules = approvalRules(name, options);
  const shape = approvalShape(rules, options);
  const made = defaultOperation<Approval<unknown>>(approvalFunction(rules), "request", [
    "decide",
    "delegate",
    "withdraw",
    "view",
  ]);
  shaped(made.request, shape);
  return shaped(made, shape);
}

/** The stateful function. Its handlers load the state, decide, and carry the decision out. */
function approvalFunction(rules: ApprovalRules) {
  const { type, aliases, ask, onTimeout, audit } = rules;
  const step = <Step, Answer>(
    ctx: Ctx,
    decide: ApprovalDecision<Step, Answer>,
    given: Step,
  ): Answer => takeStep(ctx, { rules, wake: self.due, decide, given });

  const self = stateful(type, {
    aliases,
    ageOut: "never",
    whenFailed: "fail",
    state: {
      ballot: value<Ballot>(),
      ended: value<readonly Ballot[]>([]),
      early: value<readonly Decision[]>([], { expireAfterWrite: "7d" }),
    },
    version: 2,
    migrate: migrateApproval,
    flowPerId: ["request"],
    parts: functionsAmong([ask, onTimeout, audit]),
    handlers: {
      request(ctx, input: unknown): Outcome {
        const ballot = step(ctx, openRequest, { request: callIdOf(ctx), input });
        if (ballot === undefined) throw alreadyOpen(type, ctx.self.id);
        const result = resultOf(ctx, rules, ballot);
        if (result !== undefined) return result;
        const asked = ctx.invoke(ask, requestOf(ctx, type, ballot), besideState(ctx, ask));
        const waiting = ctx.promise();
        ctx.state.ballot = { ...ballot, waiting: waiting.handle() };
        const over = ctx.all([asked, waiting]);
        return ctx.onSettled(over, self.conclude, ballot.request, { id: ctx.self.id });
      },
      decide: (ctx, given: Decision): DecisionAnswer =>
        step(ctx, decideRequest, readDecision(`a decision of ${type}`, given)),
      delegate: (ctx, given: Delegation): DecisionAnswer =>
        step(ctx, delegateVote, readDelegation(`a delegation of ${type}`, given)),
      withdraw: (ctx, given: Withdrawal): DecisionAnswer =>
        step(ctx, withdrawRequest, readWithdrawal(`a withdrawal of ${type}`, given)),
      /** Handles the timer of a request. */
      due: (ctx, request: string): void => step(ctx, wakeRequest, request),
      /** Ends the wait: a decision has canceled it, or it could not go on. */
      conclude(ctx, { result: { status, ...end }, args: request }: Concluded): Outcome {
        const reason = "reason" in end ? end.reason : status;
        const isCanceled = typeof reason === "object" && handbackCode(reason) === "CANCELLED";
        const ballot = step(ctx, concludeRequest, { request, isCanceled });
        return (ballot && resultOf(ctx, rules, ballot)) ?? ctx.rejected(reason);
      },
    },
    queries: {
      view(ctx): Omit<Ballot, "waiting"> | undefined {
        if (ctx.state.ballot === undefined) return undefined;
        const { waiting: _, ...ballot } = expireOverdue(ctx.state.ballot, ctx.now());
        return ballot;
      },
    },
  });
  return self;
}

interface Step<Given, Answer> {
  readonly rules: ApprovalRules;
  /** The operation that the timer calls. */
  readonly wake: StatefulFn<string, void>;
  readonly decide: ApprovalDecision<Given, Answer>;
  readonly given: Given;
}

/** Loads the state, decides, stores the next state, and carries out the effects. */
function takeStep<Given, Answer>(ctx: Ctx, { rules, wake, decide, given }: Step<Given, Answer>) {
  const { ballot, ended, early } = ctx.state;
  const { state, effects, answer } = decide({ ballot, ended, early }, given, rules, ctx.now());
  if (state.ballot !== ballot) ctx.state.ballot = state.ballot;
  if (state.ended !== ended) ctx.state.ended = state.ended;
  if (state.early !== early) {
    // Deleted rather than emptied, so that the value is not stored at all.
    if (state.early.length === 0) delete (ctx.state as Partial<ApprovalState>).early;
    else ctx.state.early = state.early;
  }
  for (const effect of effects) carryOut(ctx, { rules, wake }, effect);
  return answer;
}

function carryOut(
  ctx: Ctx,
  { rules, wake }: Pick<Step<never, unknown>, "rules" | "wake">,
  effect: ApprovalEffect,
): void {
  const { type, ask, audit } = rules;
  switch (effect.kind) {
    case "audit": {
      const record = { approval: type, id: ctx.self.id, request: effect.request, ...effect.entry };
      if (audit !== undefined) sendToDestination(ctx, audit, record);
      return;
    }
    case "keep":
      ctx.expireAfter(effect.forMs);
      return;
    case "askAgain":
      sendToDestination(ctx, ask, requestOf(ctx, type, effect.ballot));
      return;
    case "setTimer":
      setAddressTimer(ctx, { operation: wake, input: effect.request, at: effect.at });
      return;
    case "cancelTimer":
      cancelAddressTimer(ctx);
      return;
    case "wake":
      ctx.cancel(ctx.future(effect.waiting));
  }
}

function requestOf(ctx: Ctx, type: string, ballot: Ballot): ApprovalRequest<unknown> {
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

/** Returns the result of a request, or `undefined` while it is open and if it failed. */
function resultOf(
  ctx: Ctx,
  { type, onTimeout }: ApprovalRules,
  ballot: Ballot,
): ApprovalResult | undefined {
  const { status, decisions, audit } = ballot;
  if (status === "open" || status === "failed") return undefined;
  if (status !== "expired" || onTimeout === undefined) return { status, decisions, audit };
  const request = requestOf(ctx, type, ballot);
  const late = ctx.invoke(onTimeout, request, besideState(ctx, onTimeout));
  const expired = { status, decisions, audit, value: late };
  return expired;
}

/** An operation of a stateful function is called at the id of the request. */
function besideState(ctx: Ctx, { operation }: { readonly operation: string | undefined }) {
  return operation === undefined ? {} : { id: ctx.self.id };
}

function alreadyOpen(type: string, id: string): HandbackError {
  return new HandbackError("ALREADY_OPEN", `${type} has an open request ${id}`, {
    details: { id },
  });
}

function approvalShape(
  { type, ask, remind, escalation, onTimeout, audit }: ApprovalRules,
  { quorum = 1, timeout }: ApprovalOptions<unknown, unknown>,
): Shape {
  const again = [remind && "reminder", escalation.length > 0 && "escalation"];
  return {
    kind: "approval",
    name: type,
    ask: shapeOf(ask),
    quorum: `quorum ${quorum}`,
    again: again.filter(Boolean).join(", "),
    expires: timeout === undefined ? "" : `after ${durationInWords(timeout)}`,
    ...(onTimeout !== undefined && { onTimeout: shapeOf(onTimeout) }),
    ...(audit !== undefined && { audit: partOf(audit) }),
  };
}
