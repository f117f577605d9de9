import type { Activation } from "../../core/activation/activation.ts";
import type { Encoded } from "../../core/codec/encoded.ts";
import { UNDEFINED } from "../../core/codec/encoded.ts";
import { addTallies, markOf, NO_TALLY } from "../../core/activation/meter.ts";
import type { Tally } from "../../core/activation/meter.ts";
import { callEnvelope } from "./call.ts";
import type { CallControl } from "./call.ts";
import type { CallConsumer, Consumer } from "./consumer.ts";
import { carry, targetOf, unload } from "./consumer.ts";
import { asSettlement, cancelled, failureOf, fulfilled, rejectedWith } from "./settled.ts";
import type { Settled } from "./settled.ts";
import { system, tell } from "./system.ts";

/**
 * Hands a settlement to its consumers, as messages.
 *
 * D1 Each consumer is served once per delivery, in order.
 * D2 The sums of a flow ride on: to a slot, cell or flow in the message; to a call on the first of its own consumers.
 * D3 A rejection never calls a function that wants a value: it passes on to that call's consumers.
 * D4 In a scope that is being cancelled, only what takes settlements is called, to clean up. Nobody waits for it: its consumers learn at
 *    once that they were cancelled, so that nothing of the scope stays; and it is in no scope, so that nothing cancels it.
 */
export function deliver(
  activation: Activation,
  consumers: readonly Consumer[],
  settled: Settled,
  flow?: string,
): void {
  for (const consumer of consumers) serve(activation, consumer, settled, flow);
}

/** What settles a cell, beside the settlement's text. */
export type Settling = {
  readonly ok: boolean;
  readonly tally: Tally;
  readonly spill?: true | undefined;
  readonly flow?: string | undefined;
};

function serve(
  activation: Activation,
  consumer: Consumer,
  settled: Settled,
  flow: string | undefined,
): void {
  const taken = take(consumer, settled);
  const tally = unload(consumer, activation.now);
  // These take no sums along.
  if (consumer.to === "tick" || consumer.to === "answer") bill(activation, tally, flow);
  switch (consumer.to) {
    case "slot":
    case "race":
      return tell(activation, {
        target: system(consumer.to === "slot" ? "join" : "race", consumer.id),
        name: "slot",
        control: { index: consumer.index, ok: taken.ok, tally },
        payload: taken.text,
      });
    case "cell":
      return tell(activation, {
        target: system("cell", consumer.id),
        name: "settle",
        control: settling(consumer, taken, tally, flow),
        payload: taken.text,
      });
    case "flow":
      return tell(activation, {
        target: system("flow", consumer.id),
        name: "settle",
        control: { ok: taken.ok, tally },
        payload: taken.text,
      });
    case "tick":
      return tell(activation, {
        target: system("wait", consumer.id),
        name: "tick",
        control: { index: consumer.index },
      });
    case "answer":
      return activation.answer(consumer.key, taken.text, { ok: taken.ok });
    case "call":
      return call(activation, consumer, taken, tally);
  }
}

function settling(
  { spill }: { readonly spill?: true | undefined },
  { ok }: Settled,
  tally: Tally,
  flow: string | undefined,
): Settling {
  return { ok, tally, spill, flow };
}

function take(consumer: Consumer, settled: Settled): Settled {
  if (consumer.want === "settlement") return fulfilled(asSettlement(settled, consumer.position));
  return consumer.want === "completion" && settled.ok ? fulfilled("" as Encoded) : settled;
}

function call(
  activation: Activation,
  consumer: CallConsumer,
  settled: Settled,
  tally: Tally,
): void {
  if (!settled.ok) return pass(activation, consumer, settled, tally);
  if (consumer.oneWay === true || !activation.isCancelled(consumer.scope))
    return begin(activation, consumer, settled, tally);
  const rejection = cancelled(`the call of ${targetOf(consumer).type}`);
  if (consumer.settles === undefined) return pass(activation, consumer, rejection, tally);
  const { scope: _, ...cleanUp } = consumer;
  begin(activation, { ...cleanUp, consumers: [], cancelled: true }, settled, NO_TALLY);
  const { consumers, flow } = consumer;
  deliver(activation, carryOrBill(activation, consumers, { tally, flow }), rejection, flow);
}

function begin(
  activation: Activation,
  consumer: CallConsumer,
  settled: Settled,
  tally: Tally,
): void {
  const payload = ((consumer.before ?? "") + settled.text + (consumer.after ?? "")) as Encoded;
  const [size, limit] = [payload.length, activation.environment.payloadLimit];
  if (size > limit) {
    const why = `the input of ${targetOf(consumer).type} has ${size} characters, the limit is ${limit}`;
    const rejection = rejectedWith("PAYLOAD_TOO_LARGE", why, { size, limit });
    const told = fulfilled(asSettlement(rejection));
    // What takes settlements is called however a future ends: it learns that the value did not fit.
    const isTold =
      consumer.want === "settlement" && size - settled.text.length + told.text.length <= limit;
    return isTold
      ? begin(activation, consumer, told, tally)
      : pass(activation, consumer, rejection, tally);
  }
  const consumers = carryOrBill(activation, consumer.consumers, { tally, flow: consumer.flow });
  const envelope = callEnvelope({ ...consumer, consumers }, payload);
  activation.send(
    envelope,
    consumer.delayMs === undefined ? undefined : activation.now + consumer.delayMs,
  );
}

/** Passes a rejection on, past a call that is not made: its message will never run, which its mark must not wait for. */
function pass(
  activation: Activation,
  skipped: CallConsumer,
  rejection: Settled,
  tally: Tally,
): void {
  if (skipped.oneWay === true) {
    bill(activation, tally, skipped.flow);
    const envelope = callEnvelope(skipped, UNDEFINED);
    activation.deadLetter(
      { ...envelope, control: { ...(envelope.control as CallControl), incomplete: true } },
      failureOf(rejection),
    );
    return;
  }
  const load = { tally: addTallies(tally, markOf(skipped.id)), flow: skipped.flow };
  const consumers = carryOrBill(activation, skipped.consumers, load);
  if (consumers.length === 0) reportUnhandled(activation, rejection, skipped.flow);
  deliver(activation, consumers, rejection, skipped.flow);
}

/** Sums to be carried, the handler that is parked from now on, and the flow that is billed where nobody carries. */
interface Load {
  readonly tally: Tally;
  readonly parked?: readonly [handlers: number, endedAtSum: number];
  readonly flow: string | undefined;
}

/** Lets the first consumer carry the sums; with none, they go to the flow at once. */
export function carryOrBill(
  activation: Activation,
  consumers: readonly Consumer[],
  load: Load,
): readonly Consumer[] {
  const { tally, parked, flow } = load;
  if (consumers.length > 0) return carry(consumers, tally, parked);
  bill(activation, tally, flow);
  return consumers;
}

/** Posts sums to the flow, for runs whose outcome nobody waits for. */
export function bill(activation: Activation, tally: Tally, flow: string | undefined): void {
  if (flow !== undefined && tally !== NO_TALLY)
    tell(activation, { target: system("flow", flow), name: "bill", control: { tally } });
}

/** Records a rejection that nobody consumes, without failing the flow. */
export function reportUnhandled(
  activation: Activation,
  rejection: Settled,
  flow: string | undefined,
): void {
  if (flow !== undefined)
    tell(activation, {
      target: system("flow", flow),
      name: "unhandled",
      control: null,
      payload: rejection.text,
    });
}
