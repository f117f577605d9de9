import type { Activation } from "../../core/activation/activation.ts";
import type { Encoded } from "../../core/codec/encoded.ts";
import { noteWork } from "../../core/activation/work-note.ts";
import { inWords, logFacts } from "../../core/errors/log-facts.ts";
import { formatAddress } from "../../core/message/address.ts";
import type { Envelope } from "../../core/message/envelope.ts";
import { noteMessage } from "../history/note-work.ts";
import { handbackCode } from "../types/handback-code.ts";
import type { Failure } from "../types/failure.ts";
import { UNDEFINED } from "../../core/codec/encoded.ts";
import { addUsage, markOfMessage, NO_USAGE } from "../../core/activation/meter.ts";
import type { UsageTotals } from "../../core/activation/meter.ts";
import { callControlOf, callEnvelope } from "./call.ts";
import type { CallConsumer, Consumer } from "./consumer.ts";
import {
  addCarriedUsage,
  branchType,
  callTarget,
  hasRun,
  isBranch,
  isLate,
  takeCarriedUsage,
  toLate,
} from "./consumer.ts";
import type { BranchSettled } from "./combinator.ts";
import {
  encodeSettlement,
  cancelledSettlement,
  failureOfSettlement,
  fulfilledSettlement,
  rejectedSettlement,
  rejectedWithCode,
} from "./settled.ts";
import { runEndingOf, withRunEnding } from "../types/run-ending.ts";
import type { RunEnding } from "../types/run-ending.ts";
import type { Settled } from "./settled.ts";
import { sendControl, sendSystemMessage } from "./system.ts";

/**
 * Delivers a settlement to its consumers, as messages.
 *
 * D1 Each consumer is served once per delivery, in order.
 * D2 The usage of a flow travels on: to a combinator, cell or flow in the message; to a call on the
 * first of the call's own consumers.
 * D3 A rejection never calls a function that takes a value. It goes to the consumers of that call.
 * D4 A *late* consumer belongs to a scope that was canceled. Of the late functions, only those that
 * take settlements are called, to clean up. They are called in no scope, so nothing cancels them,
 * and their own consumers are late. So clean-ups run one after the other, the innermost first.
 * D5 A late rejection says how the canceled work ended. Work whose handler has run began.
 */
export function deliverSettlement(
  activation: Activation,
  consumers: readonly Consumer[],
  settled: Settled,
  flow?: string,
): void {
  const told = settled.ok ? settled : withUsage(consumers, settled);
  for (const consumer of consumers) serveConsumer(activation, consumer, told, flow);
}

/** Canceled work: its name for the error, its ending, and the usage of its runs. */
interface CancelledWork {
  readonly what: string;
  readonly run: RunEnding;
  readonly tally?: UsageTotals;
  readonly flow?: string | undefined;
}

/** Delivers the rejection of canceled work to its consumers, which become late. */
export function deliverCancelled(
  activation: Activation,
  consumers: readonly Consumer[],
  { what, run, tally = NO_USAGE, flow }: CancelledWork,
): void {
  const carriers = carryOrBillUsage(activation, toLate(consumers), { tally, flow });
  deliverSettlement(activation, carriers, cancelledSettlement(what, run), flow);
}

function endingOf(settled: Settled): RunEnding | undefined {
  return settled.ok ? undefined : (runEndingOf(failureOfSettlement(settled)) ?? "threw");
}

const NEVER_BEGAN = `"run":"neverBegan"`;

/** Returns a rejection. Work whose usage its consumers carry did begin. */
function withUsage(consumers: readonly Consumer[], settled: Settled): Settled {
  if (!settled.text.includes(NEVER_BEGAN)) return settled;
  const failure = failureOfSettlement(settled);
  return runEndingOf(failure) === "neverBegan" && hasRun(consumers)
    ? rejectedSettlement(withRunEnding(failure, "unknown"))
    : settled;
}

function serveConsumer(
  activation: Activation,
  consumer: Consumer,
  settled: Settled,
  flow: string | undefined,
): void {
  const taken = settlementFor(consumer, settled);
  const { ok, text: payload } = taken;
  const tally = takeCarriedUsage(consumer, activation.now);
  if (isBranch(consumer)) {
    const target = { type: branchType(consumer.to), id: consumer.id };
    const { index, late } = consumer;
    const control: BranchSettled =
      late === true ? { index, ok, tally, late, run: endingOf(settled) } : { index, ok, tally };
    return sendControl(activation, { target, name: "settle", control, payload });
  }
  switch (consumer.to) {
    case "cell": {
      const { spill, late } = consumer;
      const control = { ok, tally, spill, flow, late };
      const { id } = consumer;
      return sendSystemMessage(activation, { to: "cell", id, name: "settle", control, payload });
    }
    case "flow": {
      const { attempt } = taken;
      const { id, run } = consumer;
      const usual = attempt === undefined ? { ok, tally } : { ok, tally, attempt };
      const control = run === undefined ? usual : { ...usual, run };
      return sendSystemMessage(activation, { to: "flow", id, name: "settle", control, payload });
    }
    case "answer":
      // A reply carries no usage.
      billFlow(activation, tally, flow);
      return activation.replyTo(consumer.key, payload, { ok });
    case "call":
      return deliverToCall(activation, consumer, taken, tally);
  }
}

function settlementFor(consumer: Consumer, settled: Settled): Settled {
  if (consumer.want === "settlement")
    return fulfilledSettlement(encodeSettlement(settled, consumer.position));
  return consumer.want === "completion" && settled.ok
    ? fulfilledSettlement("" as Encoded)
    : settled;
}

function deliverToCall(
  activation: Activation,
  consumer: CallConsumer,
  settled: Settled,
  tally: UsageTotals,
): void {
  const isCutOff =
    consumer.oneWay !== true && (isLate(consumer) || activation.isCancelled(consumer.scope));
  if (!isCutOff)
    return settled.ok
      ? startCall(activation, consumer, settled, tally)
      : skipCall(activation, consumer, settled, tally);
  const consumers = toLate(consumer.consumers);
  if (settled.ok && consumer.settles !== undefined) {
    const { scope: _, late: _late, ...cleanUp } = consumer;
    return startCall(activation, { ...cleanUp, consumers, cancelled: true }, settled, tally);
  }
  const what = `the call of ${callTarget(consumer).type}`;
  const rejection = settled.ok ? cancelledSettlement(what, "unknown") : settled;
  skipCall(activation, { ...consumer, consumers, late: true }, rejection, tally);
}

const NOT_PARKED = [0, 0] as const;

function startCall(
  activation: Activation,
  consumer: CallConsumer,
  settled: Settled,
  tally: UsageTotals,
): void {
  const payload = ((consumer.before ?? "") + settled.text + (consumer.after ?? "")) as Encoded;
  const [size, limit] = [payload.length, activation.environment.payloadLimit];
  if (size > limit) {
    const why = `the input of ${callTarget(consumer).type} has ${size} characters, the limit is ${limit}`;
    const rejection = rejectedWithCode("PAYLOAD_TOO_LARGE", why, { size, limit });
    const told = fulfilledSettlement(encodeSettlement(rejection));
    // A function that takes settlements is called in any case. It gets this rejection as one.
    const isTold =
      consumer.want === "settlement" && size - settled.text.length + told.text.length <= limit;
    return isTold
      ? startCall(activation, consumer, told, tally)
      : skipCall(activation, consumer, rejection, tally);
  }
  const { flow, scope } = consumer;
  // Without a flow, no usage is carried that would tell that work began.
  const parked = flow === undefined && scope !== undefined ? NOT_PARKED : undefined;
  const load = { tally, parked, flow };
  const consumers = carryOrBillUsage(activation, consumer.consumers, load);
  const envelope = callEnvelope(consumer, payload, consumers);
  const dueAt = consumer.delayMs === undefined ? undefined : activation.now + consumer.delayMs;
  activation.send(envelope, dueAt);
  noteCall(activation, consumer, dueAt);
}

/** Notes in the history of the flow that a call or a one-way message has left. */
export function noteCall(activation: Activation, call: CallConsumer, dueAt?: number): void {
  if (activation.environment.history === undefined) return;
  const { id, flow, oneWay } = call;
  const type = oneWay === true ? "sent" : "called";
  const about = { id, flow, target: callTarget(call) };
  noteMessage(activation, about, { type, at: activation.environment.clock.now(), dueAt });
}

/** Passes a rejection to the consumers of a call that is not made, and counts the call as run. */
function skipCall(
  activation: Activation,
  skipped: CallConsumer,
  rejection: Settled,
  tally: UsageTotals,
): void {
  if (skipped.oneWay === true) {
    billFlow(activation, tally, skipped.flow);
    const envelope = callEnvelope(skipped, UNDEFINED);
    const control = { ...callControlOf(envelope), incomplete: true };
    addDeadLetter(activation, { ...envelope, control }, failureOfSettlement(rejection));
    return;
  }
  const load = { tally: addUsage(tally, markOfMessage(skipped.id)), flow: skipped.flow };
  const consumers = carryOrBillUsage(activation, skipped.consumers, load);
  // The rejection of canceled work tells nothing new.
  const isNews = consumers.length === 0 || (!isLate(skipped) && consumers.every(isLate));
  if (isNews) reportUnhandled(activation, rejection, skipped.flow);
  deliverSettlement(activation, consumers, rejection, skipped.flow);
}

/** Usage that travels on, a handler that is parked from now on, and the flow that pays. */
interface UsageLoad {
  readonly tally: UsageTotals;
  readonly parked?: Consumer["parked"];
  readonly flow: string | undefined;
}

/** Adds usage to the first consumer. Without consumers, bills the flow at once. */
export function carryOrBillUsage(
  activation: Activation,
  consumers: readonly Consumer[],
  load: UsageLoad,
): readonly Consumer[] {
  const { tally, parked, flow } = load;
  if (consumers.length > 0) return addCarriedUsage(consumers, tally, parked);
  billFlow(activation, tally, flow);
  return consumers;
}

/** Bills a flow for runs whose outcome has no consumer. */
export function billFlow(
  activation: Activation,
  tally: UsageTotals,
  flow: string | undefined,
): void {
  if (flow !== undefined && tally !== NO_USAGE)
    sendSystemMessage(activation, { to: "flow", id: flow, name: "bill", control: { tally } });
}

/** Keeps a message that failed with no caller to inform, and writes a line about it. */
export function addDeadLetter(activation: Activation, envelope: Envelope, failure: Failure): void {
  activation.deadLetter(envelope, failure);
  const { type } = envelope.target;
  const why = handbackCode(failure) ?? inWords(logFacts(failure));
  noteWork(activation.environment, {
    level: "warn",
    event: "deadLetter",
    subject: type,
    message: `a message to ${formatAddress(envelope.target)} failed and is kept as a dead letter: ${why}`,
    fields: { type, message: envelope.id, ...logFacts(failure) },
  });
}

/** Reports a rejection without a consumer to its flow, which does not fail. */
export function reportUnhandled(
  activation: Activation,
  rejection: Settled,
  flow: string | undefined,
): void {
  if (flow !== undefined)
    sendSystemMessage(activation, {
      to: "flow",
      id: flow,
      name: "unhandled",
      control: null,
      payload: rejection.text,
    });
}
