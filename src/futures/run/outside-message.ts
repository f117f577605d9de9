import type { Encoded } from "../../core/codec/encoded.ts";
import type { Address } from "../../core/message/address.ts";
import type { Envelope } from "../../core/message/envelope.ts";
import type { MessageId } from "../../core/message/message-id.ts";
import { MESSAGE } from "../define/spec.ts";
import type { CallControl } from "../protocol/call.ts";
import { codec } from "../protocol/codec.ts";

/** A message that another library sent to a function. */
export interface OutsideMessage {
  readonly id: MessageId;
  readonly target: Address;
  readonly caller?: Address | undefined;
  readonly message: unknown;
}

/** A message from outside of this library: one-way, and its reply is a message of the same kind. */
const CONTROL: CallControl = { consumers: [], oneWay: true, reply: MESSAGE };

/** Makes the envelope of a message from outside. @throws `UNSERIALIZABLE`, `TOO_DEEP` */
export function outsideEnvelope({ id, target, caller, message }: OutsideMessage): Envelope {
  return { id, target, caller, name: MESSAGE, payload: codec.encode(message), control: CONTROL };
}

/** Decodes the value of a message for the outside. */
export function outsideValue(payload: Encoded): unknown {
  return codec.decode(payload);
}
