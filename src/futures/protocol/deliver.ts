import type { Activation } from "../../core/activation/activation.ts";
import type { Encoded } from "../../core/codec/encoded.ts";
import { noteWork } from "../../core/activation/work-note.ts";
import { inWords, logFacts } from "../../core/errors/log-facts.ts";
import { formatAddress } from "../../core/message/address.ts";
import type { Envelope } from "../../core/message/envelope.ts";
import { handbackCode } from "../types/handback-code.ts";
import type { Failure } from "../types/failure.ts";
import { UNDEFINED } from "../../core/codec/encoded.ts";
import { addUsage, markOfMessage, NO_USAGE } from "../../core/activation/meter.ts";
import type { UsageTotals } from "../../core/activation/meter.ts";
import { callControlOf, callEnvelope } from "./call.ts";
import type { CallConsumer, Consumer } from "./consumer.ts";
import { addCarriedUsage, branchType, callTarget, isBranch, takeCarriedUsage } from "./consumer.ts";
import type { BranchSettled } from "./combinator.ts";
import {
  encodeSettlement,
  cancelledSettlement,
  failureOfSettlement,
  fulfilledSettlement,
  rejectedWithCode,
} from "./settled.ts";
import type { Settled } from "./settled.ts";
import { sendControl, sendSystemMessage } from "./system.ts";

/**
 * Delivers a settlement to its consumers, as messages.
 *
 * D1 Each consumer is served once per delivery, in order.
 * D2 The usage of a flow travels on: to a combinator, cell or flow in the message; to a call on the
 * first of the call's own consumers.
 * D3 A rejection never calls a function that takes a value. It goes to the consumers of that call.
 * D4 In a scope that is being canceled, only functions that take settlements are called, to clean
 * up. Their consumers get `CANCELLED` at once, so nothing of the scope remains, and the calls are
 * in no scope, so nothing cancels them.
 */
export function deliverSettlement(
  activation: Activation,
  consumers: readonly Consumer[],
  settled: Settled,
  flow?: string,
): void {
  for (const consumer of consumers) serveConsumer(activation, consumer, settled, flow);
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
    const control: BranchSettled = { index: consumer.index, ok, tally };
    return sendControl(activation, { target, name: "settle", control, payload });
  }
  switch (consumer.to) {
    case "cell": {
      const control = { ok, tally, spill: consumer.spill, flow };
      const { id } = consumer;
      return sendSystemMessage(activation, { to: "cell", id, name: "settle", control, payload });
    }
    case "flow": {
      const control = { ok, tally };
      const { id } = consumer;
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
  if (!settled.ok) return skipCall(activation, consumer, settled, tally);
  if (consumer.oneWay === true || !activation.isCancelled(consumer.scope))
    return startCall(activation, consumer, settled, tally);
  const rejection = cancelledSettlement(`the call of ${callTarget(consumer).type}`);
  if (consumer.settles === undefined) return skipCall(activation, consumer, rejection, tally);
  const { scope: _, ...cleanUp } = consumer;
  startCall(activation, { ...cleanUp, consumers: [], cancelled: true }, settled, NO_USAGE);
  const { consumers, flow } = consumer;
  deliverSettlement(
    activation,
    carryOrBillUsage(activation, consumers, { tally, flow }),
    rejection,
    flow,
  );
}

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
  const consumers = carryOrBillUsage(activation, consumer.consumers, {
    tally,
    flow: consumer.flow,
  });
  const envelope = callEnvelope({ ...consumer, consumers }, payload);
  activation.send(
    envelope,
    consumer.delayMs === undefined ? undefined : activation.now + consumer.delayMs,
  );
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
  if (consumers.length === 0) reportUnhandled(activation, rejection, skipped.flow);
  deliverSettlement(activation, consumers, rejection, skipped.flow);
}

/** Usage that travels on, a handler that is parked from now on, and the flow that pays. */
interface UsageLoad {
  readonly tally: UsageTotals;
  readonly parked?: readonly [handlers: number, endedAtSum: number];
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
    event: "dead letter",
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
