import type { Encoded } from "../../core/codec/encoded.ts";
import type { Envelope } from "../../core/message/envelope.ts";
import type { MessageId } from "../../core/message/message-id.ts";
import { scopeName } from "../../core/message/scope-name.ts";
import { callTarget } from "./consumer.ts";
import type { ActsFor, CallConsumer, Consumer, ReplyTo, Settles } from "./consumer.ts";

/** Control data of a message to a user's function. */
export type CallControl = {
  readonly consumers: readonly Consumer[];
  /** Key of the flow that is billed. Absent for one-way messages. */
  readonly flow?: string | undefined;
  /** Instant (ms since the epoch) at which the flow started. Only on the flow's first call. */
  readonly startedAt?: number | undefined;
  /** The call creates the state it goes to. */
  readonly creates?: true | undefined;
  /** Nothing awaits the outcome: a failure becomes a dead letter. */
  readonly oneWay?: true | undefined;
  /** Number of earlier attempts under a retry policy. */
  readonly retries?: number | undefined;
  readonly reply?: ReplyTo | undefined;
  readonly settles?: Settles | undefined;
  readonly actsFor?: ActsFor | undefined;
  /**
   * The id that its idempotency key follows from: that of the call in an earlier run of its flow, or
   * in the first attempt of its caller. Default: its own.
   */
  readonly keyId?: MessageId | undefined;
  /** A caller deals with its failure: neither it nor the calls that it makes pause. */
  readonly noPause?: true | undefined;
  /** Number of attempts before a person resumed the call. The retry policy does not count them. */
  readonly resumedAfter?: number | undefined;
  /** Canceled before its handler began: the handler gets `CANCELLED` instead of the settlement. */
  readonly cancelled?: true | undefined;
  /**
   * The record of a run that was canceled. It is handled if the run never ends: after a crash, or
   * after its grace. It then settles the consumers, because nothing else does.
   */
  readonly counted?: true | undefined;
  /** A future in its input was rejected, so the input is incomplete: a dead letter for good. */
  readonly incomplete?: true | undefined;
  /**
   * Crashes for which the message was given up, with consumers that were told nothing. Only in a
   * dead letter.
   */
  readonly held?: number | undefined;
  /** The message was held, and its scope was canceled: a dead letter for good. */
  readonly withdrawn?: true | undefined;
  /** The message was held and is redriven: earlier runs of it may have left something behind. */
  readonly rerun?: true | undefined;
  /** The trace context of the flow that the call belongs to, or that sent the message. */
  readonly traceparent?: string | undefined;
  /** Id of the first dead letter that was redriven as this message. It names all of them. */
  readonly redriven?: MessageId | undefined;
};

/** Makes the message of a call consumer, once its input is known. */
export function callEnvelope(
  call: CallConsumer,
  payload: Encoded,
  consumers = call.consumers,
): Envelope {
  const { id, caller, name, oneWay, creates } = call;
  const { reply, settles, cancelled, actsFor, keyId, traceparent, noPause } = call;
  const isOneWay = oneWay === true;
  const control: CallControl = {
    consumers,
    flow: isOneWay ? undefined : call.flow,
    creates,
    oneWay,
    reply,
    settles,
    cancelled,
    actsFor,
    keyId,
    traceparent,
    noPause,
  };
  const scope = isOneWay ? scopeOfOneWay(call) : call.scope;
  return { id, target: callTarget(call), name, payload, control, caller, scope };
}

/**
 * Returns the scope of a one-way message. It leaves the flow: its runs are not billed to the flow,
 * and canceling the flow does not cancel it. One that waits has the scope of its own that it would
 * run in, so that it is found as work under way.
 */
function scopeOfOneWay({ id, delayMs }: CallConsumer): string | undefined {
  return delayMs === undefined ? undefined : scopeName(id, true);
}

const NO_CONTROL: CallControl = { consumers: [] };

/** Returns the control data of a call. */
export function callControlOf({ control }: Envelope): CallControl {
  // Every message to a user's function has it. Those from outside of the library have none.
  return (control ?? NO_CONTROL) as CallControl;
}
