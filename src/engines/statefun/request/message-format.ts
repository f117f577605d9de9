import { decodeEnvelope, encodeEnvelope } from "../../../core/message/envelope.ts";
import type { Envelope } from "../../../core/message/envelope.ts";
import type { TypedBytes } from "../wire/request.ts";

/** Type of Handback's own messages on the wire. */
export const MESSAGE_TYPE = "handback/message";

const utf8 = new TextEncoder();
const text = new TextDecoder();

/** Writes a message between functions of this library: its id, head and payload as a JSON list. */
export function writeEnvelope(envelope: Envelope): TypedBytes {
  const { head, payload } = encodeEnvelope(envelope);
  const bytes = utf8.encode(JSON.stringify([envelope.id, head, payload]));
  return { typename: MESSAGE_TYPE, bytes };
}

/** Reads a message that {@link writeEnvelope} wrote. @throws `FORMAT_TOO_NEW` */
export function readEnvelope({ bytes }: TypedBytes): Envelope {
  const [id = "", head = "", payload = ""] = JSON.parse(text.decode(bytes)) as readonly string[];
  return decodeEnvelope(id, { head, payload });
}
