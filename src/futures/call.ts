import type { Encoded } from "../core/codec/encoded.ts";
import type { Envelope } from "../core/envelope.ts";
import type { CallConsumer, Consumer, ReplyTo, Settles } from "./consumer.ts";

/** What a message to a user's function carries beside its input. */
export type CallControl = {
  readonly consumers: readonly Consumer[];
  /** Key of the flow that is billed; absent for one-way messages. */
  readonly flow?: string;
  /** The call creates the state it goes to. */
  readonly creates?: true;
  /** Nobody awaits the outcome: a failure is dead-lettered. */
  readonly oneWay?: true;
  /** How often it was tried before, under a retry policy. */
  readonly retries?: number;
  readonly reply?: ReplyTo;
  readonly settles?: Settles;
  /** It was cancelled before its handler began, which learns of that in place of the settlement. */
  readonly cancelled?: true;
  /** It was withdrawn while its handler was at work: what is left is to count it, behind that handler, or after a crash in its stead. */
  readonly counted?: true;
};

/** The message that a call consumer becomes once its input is known. */
export function callEnvelope(call: CallConsumer, payload: Encoded): Envelope {
  const { id, target, caller, name, consumers, flow, scope, creates, oneWay, reply, settles, cancelled } = call;
  const control: CallControl = {
    consumers,
    // A one-way message leaves the flow: its runs are billed to function and address alone.
    ...(flow !== undefined && oneWay !== true && { flow }),
    ...(creates === true && { creates }),
    ...(oneWay === true && { oneWay }),
    ...(reply !== undefined && { reply }),
    ...(settles !== undefined && { settles }),
    ...(cancelled === true && { cancelled }),
  };
  // Nor is it cancelled with it.
  const scoped = scope !== undefined && oneWay !== true;
  return { id, target, name, payload, control, ...(caller !== undefined && { caller }), ...(scoped && { scope }) };
}
