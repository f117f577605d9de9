import type { Address } from "./address.ts";
import type { Encoded } from "../codec/encoded.ts";
import { HandbackError } from "../errors/errors.ts";
import type { Json } from "../data/json.ts";
import { flowOf, isFlowOf } from "./message-id.ts";
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
  readonly caller?: Address | undefined;
  /** Name of the message's type, by which a function dispatches. */
  readonly name: string;
  readonly payload: Encoded;
  readonly control?: Json;
  /** What it is withdrawn with: this scope, and each whose name its name begins with. Absent: it cannot be. */
  readonly scope?: string | undefined;
  /** Nothing can be stored at the target yet, so that an engine need not look. Not kept with the message. */
  readonly fresh?: true | undefined;
};

/** An envelope as text in two columns: the head (everything but the payload) and the payload. */
export interface EncodedEnvelope {
  readonly head: string;
  readonly payload: string;
}

/** What is named after the message itself is not said again. */
const OWN = 0;
type Own = typeof OWN;

type Head = readonly [
  version: number,
  type: string,
  id: string | Own,
  name: string,
  control: Json,
  scope: string | Own | null,
  callerType?: string,
  callerId?: string,
];

/** Writes an envelope as text; its id is kept beside it. */
export function encodeEnvelope({
  id,
  target,
  caller,
  name,
  payload,
  control = null,
  scope,
}: Envelope): EncodedEnvelope {
  const targetId = target.id === id ? OWN : target.id;
  const scopeName = scope === undefined ? null : isFlowOf(id, scope) ? OWN : scope;
  const head: Head =
    caller === undefined
      ? [ENVELOPE_VERSION, target.type, targetId, name, control, scopeName]
      : [ENVELOPE_VERSION, target.type, targetId, name, control, scopeName, caller.type, caller.id];
  return { head: JSON.stringify(head), payload };
}

/** Reads what {@link encodeEnvelope} wrote. @throws `FORMAT_TOO_NEW` */
export function decodeEnvelope(id: MessageId, { head, payload }: EncodedEnvelope): Envelope {
  const [version, type, target, name, control, scope, callerType, callerId] = JSON.parse(
    head,
  ) as Head;
  if (version > ENVELOPE_VERSION) {
    throw new HandbackError(
      "FORMAT_TOO_NEW",
      `message ${id} has format ${version}, this version reads up to ${ENVELOPE_VERSION}`,
      {
        details: { version },
      },
    );
  }
  const message = {
    id,
    target: { type, id: target === OWN ? id : target },
    name,
    payload: payload as Encoded,
    control,
  };
  const envelope =
    scope === null ? message : { ...message, scope: scope === OWN ? flowOf(id) : scope };
  return callerType === undefined || callerId === undefined
    ? envelope
    : { ...envelope, caller: { type: callerType, id: callerId } };
}
