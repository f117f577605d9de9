import type { Reply } from "../../../core/activation/effects.ts";
import { HandbackError } from "../../../core/errors/errors.ts";
import type { TypedBytes } from "../wire/request.ts";

/** Type of the records that answer clients. */
const REPLY_TYPE = "handback/reply";

const utf8 = new TextEncoder();
const text = new TextDecoder();

/** The record of a reply that had no room. */
interface EmptiedReply {
  readonly key: string;
  /** Length of its value, in characters. */
  readonly size: number;
}

/** A reply as a client reads it, or the error of one that had no room. */
export type ReceivedReply = Reply | { readonly key: string; readonly error: HandbackError };

/** Writes a reply for the egress. */
export function writeReply({ key, payload, control, isReceipt }: Reply): TypedBytes {
  return write({ key, payload, control, isReceipt });
}

/** Writes a reply without its value, for one that has no room. */
export function writeEmptiedReply({ key, payload }: Reply): TypedBytes {
  return write({ key, size: payload.length } satisfies EmptiedReply);
}

/** Reads a record of the egress. Returns `undefined` for one that is no reply. */
export function readReply({ typename, bytes }: TypedBytes): ReceivedReply | undefined {
  if (typename !== REPLY_TYPE) return undefined;
  const reply = JSON.parse(text.decode(bytes)) as Reply | EmptiedReply;
  if (!("size" in reply)) return reply;
  const { key, size } = reply;
  const why = `a reply of ${size} characters has no room in a record or an answer of the cluster`;
  const error = new HandbackError("PAYLOAD_TOO_LARGE", why, { details: { size } });
  return { key, error };
}

function write(record: object): TypedBytes {
  return { typename: REPLY_TYPE, bytes: utf8.encode(JSON.stringify(record)) };
}
