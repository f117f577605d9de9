import type { Activation } from "../../core/activation/activation.ts";
import { markOfMessage } from "../../core/activation/meter.ts";
import { UNDEFINED } from "../../core/codec/encoded.ts";
import type { Encoded } from "../../core/codec/encoded.ts";
import type { Envelope } from "../../core/message/envelope.ts";
import { childId } from "../../core/message/message-id.ts";
import { CALL } from "../define/spec.ts";
import { callControlOf } from "../protocol/call.ts";
import type { CallControl } from "../protocol/call.ts";
import { unwatchCancellation, watchCancellation } from "../protocol/cancellation-watch.ts";
import type { CancellationWatch } from "../protocol/cancellation-watch.ts";
import { readVersioned } from "../protocol/combinator.ts";
import type { Combinator } from "../protocol/combinator.ts";
import { toLate } from "../protocol/consumer.ts";
import { carryOrBillUsage, deliverCancelled, deliverSettlement } from "../protocol/deliver.ts";
import { keyOfCall, withKey } from "../protocol/idempotency-key.ts";
import type { Messages, Repair, StoppedCall } from "../protocol/messages.ts";
import { rejectedSettlement } from "../protocol/settled.ts";
import { sendSystemMessage, systemFunction } from "../protocol/system.ts";
import { handbackCode } from "../types/handback-code.ts";
import type { Failure } from "../types/failure.ts";
import type { PausedCall } from "../types/paused-call.ts";

/**
 * A call that failed and is put aside for a person, with everything that waits for it. The id of
 * the instance is that of the call.
 *
 * PC1 The call leaves once: it runs again, fails for its consumers, or is canceled with its scope.
 * Later messages find nothing.
 * PC2 A resumed call keeps its id, its consumers and, unless asked otherwise, its idempotency key.
 * Its attempts count on, so the calls that it makes have new ids.
 * PC3 Its flow lists it from the commit that puts it aside to the commit in which it leaves. A call
 * whose flow has ended, or lists too many, fails at once.
 */
type Stopped = {
  readonly v: number;
  readonly call: StoppedCall;
  readonly failure: Failure;
  readonly flow: string;
  readonly guard?: CancellationWatch | undefined;
};

const VALUE = "call";
const FORMAT = 1;

/** The combinator of calls that have paused. Nothing but a failure makes an instance. */
export const pausedCall: Combinator = {
  kind: "paused-call",
  definitions: [
    systemFunction("pausedCall", [VALUE], {
      hold: holdCall,
      repair: repairCall,
      over(activation) {
        const stopped = takeCall(activation);
        if (stopped !== undefined) failCall(activation, stopped);
      },
      guard(activation) {
        const stopped = takeCall(activation);
        if (stopped !== undefined) cancelStopped(activation, stopped);
      },
    }),
  ],
  consumersAt(read) {
    const stopped = read(VALUE) as Stopped | undefined;
    return stopped === undefined ? [] : controlOf(stopped).consumers;
  },
  describe(_, read) {
    const { call } = (read(VALUE) as Stopped | undefined) ?? {};
    return { kind: "paused", name: call === undefined ? "" : nameOfCall(call) };
  },
};

function nameOfCall({ target, name }: StoppedCall): string {
  return name === CALL ? target.type : `${target.type}.${name}`;
}

function controlOf({ call }: Stopped): CallControl {
  return callControlOf({ ...call, payload: UNDEFINED });
}

function holdCall(activation: Activation, held: Messages["pausedCall"]["hold"]): void {
  const { call, failure, flow } = held;
  const guard = watchCancellation(activation, call.scope, VALUE);
  const stopped: Stopped = { v: FORMAT, call, failure, flow, guard };
  activation.write(VALUE, { json: stopped, text: activation.envelope.payload });
  const control = { call: describeCall(stopped, activation.now) };
  sendSystemMessage(activation, { to: "flow", id: flow, name: "paused", control });
}

function describeCall(stopped: Stopped, pausedAt: number): PausedCall {
  const { call, failure } = stopped;
  const { id, target, name } = call;
  return {
    call: id,
    function: target.type,
    ...(name !== CALL && { operation: name }),
    id: target.id,
    attempts: controlOf(stopped).retries ?? 0,
    failure: briefFailure(failure),
    pausedAt,
  };
}

const LONGEST_MESSAGE = 1_000;

/** Returns the parts of a failure that a flow's record has room for, also if many calls pause. */
function briefFailure({ name, message, code, function: from, cause }: Failure): Failure {
  return {
    name,
    message: message.slice(0, LONGEST_MESSAGE),
    ...(code !== undefined && { code }),
    ...(from !== undefined && { function: from }),
    ...(cause !== undefined && { cause: briefFailure(cause) }),
  };
}

/** Returns the call, which leaves with this activation. */
function takeCall(activation: Activation): Taken | undefined {
  const stopped = readVersioned<Stopped>(activation, VALUE, FORMAT);
  if (stopped === undefined) return undefined;
  const input = activation.read(VALUE)?.content.text ?? UNDEFINED;
  unwatchCancellation(activation, stopped.guard);
  activation.delete(VALUE);
  const control = { call: stopped.call.id };
  sendSystemMessage(activation, { to: "flow", id: stopped.flow, name: "released", control });
  return { ...stopped, input };
}

type Taken = Stopped & { readonly input: Encoded };

function repairCall(activation: Activation, repair: Repair): void {
  const stopped = takeCall(activation);
  const { key, action } = repair;
  if (stopped === undefined)
    return activation.replyTo(key, UNDEFINED, { outcome: "notPaused", status: "pending" });
  activation.replyTo(key, UNDEFINED, { outcome: action === "fail" ? "failed" : "resumed" });
  if (action === "fail") return failCall(activation, stopped);
  const { call, input } = stopped;
  const control = resumedControl({ ...call, payload: input }, repair);
  const payload = repair.hasInput === true ? activation.envelope.payload : input;
  activation.send({ ...call, control, payload });
}

/** Returns the control data of a call that runs again. With another input, it keeps its key. */
function resumedControl(call: Envelope, { newKey, hasInput }: Repair): CallControl {
  const control = callControlOf(call);
  const { retries = 0 } = control;
  const resumed: CallControl = { ...control, resumedAfter: retries };
  if (newKey !== true) return hasInput === true ? withKey(resumed, keyOfCall(call)) : resumed;
  const { redriven: _, ...rest } = resumed;
  return withKey(rest, childId(call.id, retries, "key"));
}

/** Lets the failure pass on to the consumers of the call. */
function failCall(activation: Activation, { call, failure, flow, ...rest }: Taken): void {
  const { consumers } = controlOf({ call, failure, flow, ...rest });
  const tally = markOfMessage(call.id);
  const carriers = carryOrBillUsage(activation, consumers, { tally, flow });
  deliverSettlement(activation, carriers, rejectedSettlement(failure), flow);
}

/** Cancels the call as one that waits for its next attempt. A clean-up function runs anyway. */
function cancelStopped(activation: Activation, stopped: Taken): void {
  const { call, failure, flow, input } = stopped;
  const control = controlOf(stopped);
  const consumers = toLate(control.consumers);
  if (control.settles !== undefined) {
    const { scope: _, ...cleanUp } = call;
    const cancelled: CallControl = { ...control, consumers, cancelled: true };
    return activation.send({ ...cleanUp, control: cancelled, payload: input });
  }
  const code = handbackCode(failure);
  const run = code === "POISONED" || code === "HANDLER_TIMEOUT" ? "unknown" : "threw";
  const what = `the call of ${call.target.type}`;
  deliverCancelled(activation, consumers, { what, run, tally: markOfMessage(call.id), flow });
}
