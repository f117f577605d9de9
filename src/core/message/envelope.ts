import type { Address } from "./address.ts";
import type { Encoded } from "../codec/encoded.ts";
import { HandbackError } from "../errors/errors.ts";
import type { Json } from "../data/json.ts";
import { flowOf, isFlowOf } from "./message-id.ts";
import type { MessageId } from "./message-id.ts";

/** Version of the persisted form of an envelope. A reader refuses a larger one. */
const ENVELOPE_VERSION = 1;

/**
 * One message on its way, with its sender and its target.
 *
 * The user's value is `payload`, encoded once by the sender and never re-encoded on its way.
 * `control` belongs to the layer above (futures): core and engines carry it and never look inside.
 */
export type Envelope = {
  readonly id: MessageId;
  readonly target: Address;
  /** The sender. Absent if the message came from outside. */
  readonly caller?: Address | undefined;
  /** Name of the message's type. A function dispatches by it. */
  readonly name: string;
  readonly payload: Encoded;
  readonly control?: Json;
  /**
   * The scope that cancels the message. A scope whose name begins this name cancels it too. Absent:
   * nothing cancels it.
   */
  readonly scope?: string | undefined;
  /**
   * The target cannot have stored values yet, so an engine need not look. Not stored with the
   * message.
   */
  readonly fresh?: true | undefined;
  /** The former name of its function, to which it was sent. Not stored with the message. */
  readonly sentTo?: string | undefined;
};

/** An envelope as text in two columns: the head (everything but the payload) and the payload. */
export interface EncodedEnvelope {
  readonly head: string;
  readonly payload: string;
}

/** Marks a name that equals the message's id, so it is not repeated. */
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

/** Writes an envelope as text. Its id is stored beside it. */
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

/** Reads the text of {@link encodeEnvelope}. @throws `FORMAT_TOO_NEW` */
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
