import { decodeEnvelope, encodeEnvelope } from "../../../core/message/envelope.ts";
import type { Envelope } from "../../../core/message/envelope.ts";
import { writeRelayed } from "../wire/relayed.ts";
import type { Invocation, TypedBytes } from "../wire/request.ts";

/** Types of the messages that functions of this library send to each other. */
export const MESSAGE_TYPES = {
  /** A message for the target that it names. */
  message: "handback/message",
  /** A message that its sender keeps until its target is known. It comes back to the sender. */
  held: "handback/held",
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

/** Writes a message that is sent again. Messages of this library hold their caller already. */
export function sentAgain(invocation: Invocation): TypedBytes {
  const { argument } = invocation;
  return argument !== undefined && OWN_TYPES.has(argument.typename)
    ? argument
    : writeRelayed(invocation);
}

/** The message that asks an address to delete its expired values. */
export const COLLECT: TypedBytes = { typename: MESSAGE_TYPES.collect, bytes: new Uint8Array() };
