import type { Address } from "./address.ts";
import type { Encoded } from "./codec/encoded.ts";
import { HandbackError } from "./errors.ts";
import type { Json } from "./json.ts";
import type { MessageId } from "./message-id.ts";

/** Version of the persisted form of an envelope; a reader refuses a larger one. */
const ENVELOPE_VERSION = 1;

/**
 * One message on its way: what was sent, by whom, to whom.
 *
 * The user's value is `payload`, encoded once when it was sent and never re-encoded on its way.
 * `control` belongs to the layer above (futures): core and engines carry it and never look inside.
 */
export type Envelope = {
  readonly id: MessageId;
  readonly target: Address;
  /** The sender; absent when the message came from outside. */
  readonly caller?: Address;
  /** Name of the message's type, by which a function dispatches. */
  readonly name: string;
  readonly payload: Encoded;
  readonly control?: Json;
  /** What it is withdrawn with: this scope, and each whose name its name begins with. Absent: it cannot be. */
  readonly scope?: string;
  /** Nothing can be stored at the target yet, so that an engine need not look. Not kept with the message. */
  readonly fresh?: true;
};

/** An envelope as text in two columns: the head (everything but the payload) and the payload. */
export interface EncodedEnvelope {
  readonly head: string;
  readonly payload: string;
}

type Head = readonly [
  version: number,
  type: string,
  id: string,
  name: string,
  control: Json,
  scope: string | null,
  callerType?: string,
  callerId?: string,
];

/** Writes an envelope as text; its id is kept beside it. */
export function encodeEnvelope({ target, caller, name, payload, control, scope }: Envelope): EncodedEnvelope {
  const head: Head = [ENVELOPE_VERSION, target.type, target.id, name, control ?? null, scope ?? null];
  return { head: JSON.stringify(caller === undefined ? head : [...head, caller.type, caller.id]), payload };
}

/** Reads what {@link encodeEnvelope} wrote. @throws `FORMAT_TOO_NEW` */
export function decodeEnvelope(id: MessageId, { head, payload }: EncodedEnvelope): Envelope {
  const [version, type, target, name, control, scope, callerType, callerId] = JSON.parse(head) as Head;
  if (version > ENVELOPE_VERSION) {
    throw new HandbackError("FORMAT_TOO_NEW", `message ${id} has format ${version}, this version reads up to ${ENVELOPE_VERSION}`, {
      details: { version },
    });
  }
  const message = { id, target: { type, id: target }, name, payload: payload as Encoded, control };
  const envelope = scope === null ? message : { ...message, scope };
  return callerType === undefined || callerId === undefined ? envelope : { ...envelope, caller: { type: callerType, id: callerId } };
}
