import type { Address } from "./address.ts";
import type { Encoded } from "./codec/encoded.ts";
import type { Json } from "./json.ts";
import type { MessageId } from "./message-id.ts";

/** Version of the persisted form of an envelope; a reader refuses a larger one. */
export const ENVELOPE_VERSION = 1;

/**
 * One message on its way: what was sent, by whom, to whom.
 *
 * The user's value is `payload`, encoded once when it was sent and never re-encoded on its way.
 * `control` belongs to the layer above (futures): core and engines carry it and never look inside.
 */
export interface Envelope {
  readonly id: MessageId;
  readonly target: Address;
  /** The sender, or who is to get the reply; absent when the message came from outside. */
  readonly caller?: Address;
  /** Name of the message's type, by which a function dispatches. */
  readonly name: string;
  readonly payload: Encoded;
  readonly control?: Json;
}

/** An envelope as text in two columns: the head (everything but the payload) and the payload. */
export interface EncodedEnvelope {
  readonly head: string;
  readonly payload: string;
}
