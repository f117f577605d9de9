import type { Activation } from "../core/activation.ts";
import type { Encoded } from "../core/codec/encoded.ts";
import { UNDEFINED } from "../core/codec/encoded.ts";
import { addTallies, markOf, NO_TALLY } from "../core/meter.ts";
import type { Tally } from "../core/meter.ts";
import { callEnvelope } from "./call.ts";
import type { CallConsumer, Consumer } from "./consumer.ts";
import { carry, unload } from "./consumer.ts";
import { asSettlement, failureOf, fulfilled, rejectedWith } from "./settled.ts";
import type { Settled } from "./settled.ts";
import { SYSTEM, system, tell } from "./system.ts";

/**
 * Hands a settlement to its consumers, as messages.
 *
 * D1 Each consumer is served once per delivery, in order.
 * D2 The sums of a flow ride on: to a slot, cell or flow in the message; to a call on the first of its own consumers.
 * D3 A rejection never calls a function that wants a value: it passes on to that call's consumers.
 */
export function deliver(activation: Activation, consumers: readonly Consumer[], settled: Settled, flow?: string): void {
  for (const consumer of consumers) serve(activation, consumer, settled, unload(consumer, activation.now), flow);
}

/** What settles a cell, beside the settlement's text. */
export type Settling = { readonly ok: boolean; readonly tally: Tally; readonly spill?: true; readonly flow?: string };

function serve(activation: Activation, consumer: Consumer, settled: Settled, tally: Tally, flow: string | undefined): void {
  const taken = take(consumer, settled);
  switch (consumer.to) {
    case "slot":
      return tell(activation, system("join", consumer.id), "slot", { index: consumer.index, ok: taken.ok, tally }, taken.text);
    case "cell":
      return tell(activation, system("cell", consumer.id), "settle", settling(consumer, taken, tally, flow), taken.text);
    case "flow":
      return tell(activation, system("flow", consumer.id), "settle", { ok: taken.ok, tally }, taken.text);
    case "tick":
      return tell(activation, system("wait", consumer.id), "tick", { index: consumer.index });
    case "over":
      return tell(activation, { type: SYSTEM.event, id: consumer.id }, "over", null);
    case "answer":
      return activation.answer(consumer.key, taken.text, { ok: taken.ok });
    case "call":
      return call(activation, consumer, taken, tally);
  }
}

function settling({ spill }: { spill?: true }, { ok }: Settled, tally: Tally, flow: string | undefined): Settling {
  return { ok, tally, ...(spill === true && { spill }), ...(flow !== undefined && { flow }) };
}

function take(consumer: Consumer, settled: Settled): Settled {
  if (consumer.want === "settlement") return fulfilled(asSettlement(settled, consumer.position));
  return consumer.want === "completion" && settled.ok ? fulfilled("" as Encoded) : settled;
}

function call(activation: Activation, consumer: CallConsumer, settled: Settled, tally: Tally): void {
  if (!settled.ok) return pass(activation, consumer, settled, tally);
  const payload = (consumer.before + settled.text + consumer.after) as Encoded;
  const limit = activation.environment.payloadLimit;
  if (payload.length > limit) {
    return pass(
      activation,
      consumer,
      rejectedWith("PAYLOAD_TOO_LARGE", `the input of ${consumer.target.type} has ${payload.length} characters, the limit is ${limit}`, {
        size: payload.length,
        limit,
      }),
      tally,
    );
  }
  const consumers = carryOrBill(activation, consumer.consumers, tally, consumer.flow);
  const envelope = callEnvelope({ ...consumer, consumers }, payload);
  activation.send(envelope, consumer.delayMs === undefined ? undefined : activation.now + consumer.delayMs);
}

/** Passes a rejection on, past a call that is not made: its message will never run, which its mark must not wait for. */
function pass(activation: Activation, skipped: CallConsumer, rejection: Settled, tally: Tally): void {
  if (skipped.oneWay === true) {
    bill(activation, tally, skipped.flow);
    activation.deadLetter(callEnvelope(skipped, UNDEFINED), failureOf(rejection));
    return;
  }
  const sum = addTallies(tally, markOf(skipped.id));
  const consumers = carryOrBill(activation, skipped.consumers, sum, skipped.flow);
  if (consumers.length === 0) reportUnhandled(activation, rejection, skipped.flow);
  deliver(activation, consumers, rejection, skipped.flow);
}

/** Lets the first consumer carry the sums; with none, they go to the flow at once. */
export function carryOrBill(
  activation: Activation,
  consumers: readonly Consumer[],
  tally: Tally,
  flow: string | undefined,
  parked?: readonly [number, number],
): readonly Consumer[] {
  if (consumers.length > 0) return carry(consumers, tally, parked);
  bill(activation, tally, flow);
  return consumers;
}

/** Posts sums to the flow, for runs whose outcome nobody waits for. */
export function bill(activation: Activation, tally: Tally, flow: string | undefined): void {
  if (flow !== undefined && tally !== NO_TALLY) tell(activation, system("flow", flow), "bill", { tally });
}

/** Records a rejection that nobody consumes, without failing the flow. */
export function reportUnhandled(activation: Activation, rejection: Settled, flow: string | undefined): void {
  if (flow !== undefined) tell(activation, system("flow", flow), "unhandled", null, rejection.text);
}
