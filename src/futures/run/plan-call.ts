import type { Encoded } from "../../core/codec/encoded.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import type { MessageId } from "../../core/message/message-id.ts";
import { addDuration, parseDuration } from "../../core/validation/duration.ts";
import type { Duration } from "../../core/validation/duration.ts";
import {
  checkFunctionType,
  checkId,
  checkIdempotencyKey,
  checkName,
} from "../../core/validation/names.ts";
import {
  anything,
  checkedBy,
  durationMs,
  oneOf,
  optional,
  readOptions,
} from "../../core/validation/options.ts";
import type { OptionTable } from "../../core/validation/options.ts";
import { MESSAGE } from "../define/spec.ts";
import { noReceiver } from "../define/receiver.ts";
import { requiredStateIdOf, stateIdOf } from "../define/state-id.ts";
import { resolveTarget, unknownFunction } from "../define/target.ts";
import type { ActsFor, Patience, ReplyTo } from "../protocol/consumer.ts";
import type { CallPlan, Need, Template } from "../protocol/node.ts";
import { RUN_ENDINGS } from "../types/run-ending.ts";
import type { StateId } from "../types/new-state.ts";
import type { RunEnding } from "../types/run-ending.ts";
import { PendingFuture } from "../protocol/pending-future.ts";
import { EGRESS } from "./egress.ts";
import type {
  ContinueOptions,
  InvokeOptions,
  MessageOptions,
  SendOptions,
  SettleOptions,
} from "../types/context.ts";
import type { HandlerFutures } from "./future-maker.ts";

/** Plans the calls and one-way messages of a handler. */

const INVOKE_OPTIONS = {
  id: anything(),
  after: anything(),
  idempotencyKey: optional(checkedBy<string>(checkIdempotencyKey)),
  cancelledRun: optional(oneOf(...RUN_ENDINGS)),
  whenFailed: optional(oneOf("fail")),
} satisfies OptionTable<InvokeOptions>;
const SETTLE_OPTIONS = {
  id: anything(),
  awaitRuns: optional(checkedBy<Patience, true | Duration>(readPatience)),
} satisfies OptionTable<SettleOptions>;
const CONTINUE_OPTIONS = { id: anything() } satisfies OptionTable<ContinueOptions>;
const SEND_OPTIONS = {
  id: anything(),
  delay: optional(durationMs()),
  token: anything(),
  replyTo: anything(),
} satisfies OptionTable<SendOptions>;
const MESSAGE_OPTIONS = {
  delay: optional(durationMs()),
  token: anything(),
  replyTo: anything(),
} satisfies OptionTable<MessageOptions>;
const REPLY_OPTIONS = { function: anything(), id: anything() } satisfies OptionTable<
  NonNullable<SendOptions["replyTo"]>
>;

/** Plans `ctx.invoke`. */
export function planInvoke(
  futures: HandlerFutures,
  f: unknown,
  input: unknown,
  options: InvokeOptions | undefined,
): PendingFuture {
  if (options === undefined) return planCall(futures, f, {}, futures.template(input, "input"));
  const { after, whenFailed, ...earlier } = readOptions("ctx.invoke", INVOKE_OPTIONS, options);
  const completions = after === undefined ? [] : futures.needs(after, "after", "completion");
  const { segments, needs } = futures.template(input, "input");
  // The futures in `after` fill holes at the end, with no text.
  const whole = {
    segments: [...segments, ...completions.map(() => "")],
    needs: [...needs, ...completions],
  };
  const noPause = whenFailed === undefined ? undefined : true;
  return planCall(futures, f, options, { ...whole, actsFor: actsFor(earlier), noPause });
}

function actsFor({
  idempotencyKey: key,
  cancelledRun: run,
}: {
  readonly idempotencyKey: string | undefined;
  readonly cancelledRun: RunEnding | undefined;
}): ActsFor | undefined {
  if (key === undefined && run === undefined) return undefined;
  return { ...(key !== undefined && { key }), ...(run !== undefined && { run }) };
}

function readPatience(value: unknown, name: string): Patience {
  return value === true ? true : parseDuration(value, name);
}

/**
 * Plans a continuation. `rest` holds its args and options; their number tells whether there are
 * args.
 */
export function planContinuation(
  futures: HandlerFutures,
  need: Need,
  f: unknown,
  rest: readonly unknown[],
): PendingFuture {
  if (rest.length === 0) return planCall(futures, f, {}, { segments: ["", ""], needs: [need] });
  const [args, options = {}] = rest as readonly [
    args: unknown,
    options?: ContinueOptions | SettleOptions,
  ];
  const { awaitRuns: patience } =
    need.want === "settlement"
      ? readOptions("ctx.onSettled", SETTLE_OPTIONS, options)
      : { ...readOptions("ctx.onComplete", CONTINUE_OPTIONS, options), awaitRuns: undefined };
  const { segments, needs } = futures.template(args, "args");
  const [head = "", ...tail] = segments;
  const whole = ['{"result":', `,"args":${head}`, ...tail];
  whole[whole.length - 1] += "}";
  const parts = { segments: whole, needs: [need, ...needs] };
  return planCall(futures, f, options, patience === undefined ? parts : { ...parts, patience });
}

/** Plans a call with an input. */
function planCall(
  { graph }: HandlerFutures,
  f: unknown,
  options: { readonly id?: StateId },
  parts: Template & Pick<CallPlan, "patience" | "actsFor" | "noPause">,
): PendingFuture {
  const { envelope, environment } = graph.activation;
  const called = resolveTarget(f, environment);
  const { type, operation, spec } = called;
  const nodeId = graph.nextId();
  const stateful = spec.state !== undefined;
  const wantedId = stateIdOf(options, called);
  const id = wantedId ?? (stateful ? `@${nodeId}` : "");
  const plan: CallPlan = {
    kind: "call",
    target: { type, id },
    name: operation,
    segments: parts.segments,
    needs: parts.needs,
    creates: wantedId === undefined && stateful,
    oneWay: false,
    reply: envelope.name,
    patience: parts.patience,
    actsFor: parts.actsFor,
    noPause: parts.noPause,
  };
  return new PendingFuture(graph, graph.add(plan, nodeId), { stateId: stateful ? id : undefined });
}

/** The plan of a one-way message, and its id. */
interface PlannedSend {
  readonly plan: CallPlan;
  readonly id: MessageId;
}

/** Plans `ctx.send`, to a function or to the type of one. `rest` holds the arguments after it. */
export function planSend(
  futures: HandlerFutures,
  f: unknown,
  rest: readonly unknown[],
): PlannedSend {
  if (typeof f !== "string") {
    const [input, options] = rest as readonly [input: unknown, options?: SendOptions];
    return planOneWay(futures, f, input, options);
  }
  const [id, message, options] = rest as readonly [unknown, unknown, MessageOptions?];
  return planMessage(futures, { type: f, id, message }, options);
}

function planOneWay(
  futures: HandlerFutures,
  f: unknown,
  input: unknown,
  options: SendOptions = {},
): PlannedSend {
  const { graph } = futures;
  const { envelope, environment } = graph.activation;
  const { delay } = readOptions("ctx.send", SEND_OPTIONS, options);
  const receiver = resolveTarget(f, environment);
  const { type, operation, spec } = receiver;
  const wantedId = requiredStateIdOf(options, receiver);
  const { segments, needs } = futures.template(input, "input");
  checkSendToken(options, type, needs);
  const id = graph.nextId();
  const { replyTo, token } = options;
  const reply: ReplyTo = replyTo === undefined ? envelope.name : replyTarget(futures, replyTo);
  if (delay !== undefined) addDuration(futures.now(), delay);
  const isStateful = spec.state !== undefined;
  const plan: CallPlan = {
    kind: "call",
    target: { type, id: wantedId ?? (isStateful ? `@${id}` : "") },
    name: operation,
    segments,
    needs,
    creates: wantedId === undefined && isStateful,
    oneWay: true,
    reply,
    ...(delay !== undefined && { delayMs: delay }),
    ...(token !== undefined && { token }),
  };
  return { plan, id };
}

/** Plans a message to a function by its type, so that the receiver chooses the operation. */
function planMessage(
  futures: HandlerFutures,
  { type, id, message }: { readonly type: string; readonly id: unknown; readonly message: unknown },
  options: MessageOptions = {},
): PlannedSend {
  const { graph } = futures;
  const { environment } = graph.activation;
  const { delay } = readOptions("ctx.send", MESSAGE_OPTIONS, options);
  checkFunctionType(type);
  const target = { type, id: checkId(id, `id of ${type}`) };
  const { segments, needs } = futures.template(message, "message");
  // With futures inside, the type of the message may be known later only.
  const payload = needs.length === 0 ? (segments[0] as Encoded) : undefined;
  if (!environment.knows(type, MESSAGE, payload))
    throw environment.knows(type, MESSAGE) ? noReceiver(type, message) : unknownFunction(type);
  checkSendToken(options, type, needs);
  if (delay !== undefined) addDuration(futures.now(), delay);
  const { replyTo, token } = options;
  const plan: CallPlan = {
    kind: "call",
    target,
    name: MESSAGE,
    segments,
    needs,
    creates: false,
    oneWay: true,
    // A reply is a message that names its own type, too.
    reply: replyTo === undefined ? MESSAGE : replyTarget(futures, replyTo),
    ...(delay !== undefined && { delayMs: delay }),
    ...(token !== undefined && { token }),
  };
  return { plan, id: graph.nextId() };
}

function checkSendToken({ token, delay }: SendOptions, type: string, needs: readonly Need[]): void {
  if (token === undefined) return;
  checkName(token, "token");
  if (delay === undefined) {
    const why = `a token names a delayed message, and this one to ${type} has no delay`;
    throw new HandbackError("INVALID_OPTIONS", why);
  }
  if (needs.length > 0) {
    const why = `the message to ${type} waits for futures, so that it cannot be cancelled by a token`;
    throw new HandbackError("INVALID_OPTIONS", why);
  }
}

function replyTarget(
  { graph }: HandlerFutures,
  replyTo: NonNullable<SendOptions["replyTo"]>,
): ReplyTo {
  readOptions("replyTo", REPLY_OPTIONS, replyTo);
  const { type, operation } = resolveTarget(replyTo.function, graph.activation.environment);
  return { target: { type, id: checkId(replyTo.id, `id of ${type}`) }, name: operation };
}

/** Plans `ctx.reply`. `reply` is the receiver that the message named. */
export function planReply(
  futures: HandlerFutures,
  value: unknown,
  reply: ReplyTo | undefined,
): CallPlan {
  const { caller } = futures.graph.activation.envelope;
  const to = typeof reply !== "string" ? reply : caller && { target: caller, name: reply };
  if (to === undefined) {
    const why = "has nobody to reply to: the message came from outside, or from a query";
    throw new HandbackError("NO_CALLER", `${futures.type} ${why}`);
  }
  const template = futures.template(value, "reply");
  const exact = to.target.id === "" ? ({ isExact: true } as const) : {};
  return { kind: "call", ...to, ...exact, ...template, creates: false, oneWay: true };
}

/** Plans `ctx.egress`. */
export function planEgress(futures: HandlerFutures, type: string, value: unknown): CallPlan {
  const { address, environment } = futures.graph.activation;
  checkFunctionType(type);
  if (!environment.knows(type, EGRESS)) {
    const why = `no egress ${type} is registered`;
    throw new HandbackError("UNKNOWN_EGRESS", why, { details: { egress: type } });
  }
  const template = futures.template(value, "egress");
  const target = { type, id: address.id };
  return { kind: "call", target, name: EGRESS, ...template, creates: false, oneWay: true };
}
