import type { Encoded } from "../../core/codec/encoded.ts";
import type { Envelope } from "../../core/message/envelope.ts";
import type { MessageId } from "../../core/message/message-id.ts";
import { callTarget } from "./consumer.ts";
import type { CallConsumer, Consumer, ReplyTo, Settles } from "./consumer.ts";

/** What a message to a user's function carries beside its input. */
export type CallControl = {
  readonly consumers: readonly Consumer[];
  /** Key of the flow that is billed; absent for one-way messages. */
  readonly flow?: string | undefined;
  /** Instant (ms since the epoch) at which the flow was started; on its first call alone. */
  readonly startedAt?: number | undefined;
  /** The call creates the state it goes to. */
  readonly creates?: true | undefined;
  /** Nobody awaits the outcome: a failure is dead-lettered. */
  readonly oneWay?: true | undefined;
  /** How often it was tried before, under a retry policy. */
  readonly retries?: number | undefined;
  readonly reply?: ReplyTo | undefined;
  readonly settles?: Settles | undefined;
  /** It was cancelled before its handler began, which learns of that in place of the settlement. */
  readonly cancelled?: true | undefined;
  /** It was withdrawn while its handler was at work: what is left is to count it, behind that handler, or after a crash in its stead. */
  readonly counted?: true | undefined;
  /** Its input never came to be: a future in it was rejected. It is a dead letter, and cannot be sent. */
  readonly incomplete?: true | undefined;
  /** Id of the message that was redriven as this one, or as one before it: the idempotency key of all of them. */
  readonly redriven?: MessageId | undefined;
};

/** The message that a call consumer becomes once its input is known. */
export function callEnvelope(call: CallConsumer, payload: Encoded): Envelope {
  const { id, caller, name, consumers, oneWay, creates, reply, settles, cancelled } = call;
  // A one-way message leaves the flow: its runs are billed to function and address alone, and it is not cancelled with it.
  const [flow, scope] = oneWay === true ? [] : [call.flow, call.scope];
  const control: CallControl = { consumers, flow, creates, oneWay, reply, settles, cancelled };
  return { id, target: callTarget(call), name, payload, control, caller, scope };
}
