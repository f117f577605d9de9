import { digest } from "../../core/crypto/digest.ts";
import { flowOf } from "../../core/message/message-id.ts";
import type { Envelope } from "../../core/message/envelope.ts";
import type { MessageId } from "../../core/message/message-id.ts";
import { callControlOf } from "./call.ts";
import type { CallControl } from "./call.ts";

/** The call that an idempotency key is made for. */
export interface KeyedCall {
  readonly id: MessageId;
  /** The id that its key follows from, if it is not its own. */
  readonly keyId?: MessageId | undefined;
  /** The function and the operation. */
  readonly type: string;
  readonly name: string;
  /** The input as text. */
  readonly input: string;
}

/** Hex digits of the digest of function and input: 64 bits. */
const DIGITS = 16;

/**
 * Makes the idempotency key of a call.
 *
 * IK1 A call of a restarted flow that goes another way has another key, because the key includes the
 * function, the operation and the input.
 * IK2 Ids that its own run has made count as equal, so that an input with such an id has the same key
 * in each run.
 */
export function idempotencyKeyOf({ id, keyId = id, type, name, input }: KeyedCall): string {
  const own = new RegExp(`${flowOf(id)}[0-9a-f]{24}`, "g");
  const stable = input.replaceAll(own, "");
  const content = digest(`${type}\n${name}\n${stable}`).slice(0, DIGITS);
  return `${keyId}-${content}`;
}

/** Returns the idempotency key of the call that a message makes. */
export function keyOfCall(envelope: Envelope): string {
  const { actsFor, redriven, keyId } = callControlOf(envelope);
  const { id, target, name, payload, sentTo: type = target.type } = envelope;
  const key = actsFor?.key ?? redriven;
  return key ?? idempotencyKeyOf({ id, keyId, type, name, input: payload });
}

/** Returns the control data of a call that keeps its key, whatever becomes of its message. */
export function withKey(control: CallControl, key: string): CallControl {
  return { ...control, actsFor: { ...control.actsFor, key } };
}

/** Returns control data for another attempt of a call, which keeps its key if it was sent to a former name. */
export function controlForAttempt(envelope: Envelope, control: CallControl): CallControl {
  return envelope.sentTo === undefined ? control : withKey(control, keyOfCall(envelope));
}
