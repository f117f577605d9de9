import { fromBase64, toBase64 } from "../../../core/codec/base64.ts";
import { HandbackError } from "../../../core/errors/errors.ts";
import { decodeEnvelope, encodeEnvelope } from "../../../core/message/envelope.ts";
import type { Envelope } from "../../../core/message/envelope.ts";
import type { Invocation, TypedBytes } from "../wire/request.ts";

/** Types of the messages that functions of this library send to each other. */
export const MESSAGE_TYPES = {
  /** A message for the target that it names. */
  message: "handback/message",
  /** A message that its sender keeps until its target is known. It comes back to the sender. */
  held: "handback/held",
  /** A message of another library that took a second way, with its caller. */
  relayed: "handback/relayed",
  /** Asks an address to delete its expired values. */
  collect: "handback/collect",
} as const;

const OWN_TYPES: ReadonlySet<string> = new Set(Object.values(MESSAGE_TYPES));

const utf8 = new TextEncoder();
const text = new TextDecoder();

/** Writes a message between functions of this library: its id, head and payload as a JSON list. */
export function writeEnvelope(
  envelope: Envelope,
  typename: string = MESSAGE_TYPES.message,
): TypedBytes {
  const { head, payload } = encodeEnvelope(envelope);
  return { typename, bytes: utf8.encode(JSON.stringify([envelope.id, head, payload])) };
}

/** Reads a message that {@link writeEnvelope} wrote. @throws `FORMAT_TOO_NEW` */
export function readEnvelope({ bytes }: TypedBytes): Envelope {
  const [id = "", head = "", payload = ""] = JSON.parse(text.decode(bytes)) as readonly string[];
  return decodeEnvelope(id, { head, payload });
}

/** Writes a message that is sent again. The cluster would name the wrong caller, so it is kept. */
export function writeRelayed({ caller, argument = NO_VALUE }: Invocation): TypedBytes {
  if (caller === undefined || OWN_TYPES.has(argument.typename)) return argument;
  const { typename, bytes } = argument;
  const parts = [caller.type, caller.id, typename, toBase64(bytes)];
  return { typename: MESSAGE_TYPES.relayed, bytes: utf8.encode(JSON.stringify(parts)) };
}

/** Reads a message that may have been sent again. */
export function readRelayed(invocation: Invocation): Invocation {
  const { argument } = invocation;
  if (argument?.typename !== MESSAGE_TYPES.relayed) return invocation;
  const parts = JSON.parse(text.decode(argument.bytes)) as readonly string[];
  const [type = "", id = "", typename = "", base64 = ""] = parts;
  const bytes = fromBase64(base64);
  if (bytes === undefined)
    throw new HandbackError("INVALID_INPUT", "a relayed message has bytes that are not base64");
  return { caller: { type, id }, argument: { typename, bytes } };
}

/** The message that asks an address to delete its expired values. */
export const COLLECT: TypedBytes = { typename: MESSAGE_TYPES.collect, bytes: new Uint8Array() };

const NO_VALUE: TypedBytes = { typename: "", bytes: new Uint8Array() };
