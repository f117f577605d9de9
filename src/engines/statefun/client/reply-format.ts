import type { Reply } from "../../../core/activation/effects.ts";
import type { TypedBytes } from "../wire/request.ts";

/** Type of the records that answer clients. */
const REPLY_TYPE = "handback/reply";

const utf8 = new TextEncoder();
const text = new TextDecoder();

/** Writes a reply for the egress. */
export function writeReply({ key, payload, control, isReceipt }: Reply): TypedBytes {
  return {
    typename: REPLY_TYPE,
    bytes: utf8.encode(JSON.stringify({ key, payload, control, isReceipt })),
  };
}

/** Reads a record of the egress. Returns `undefined` for one that is no reply. */
export function readReply({ typename, bytes }: TypedBytes): Reply | undefined {
  return typename === REPLY_TYPE ? (JSON.parse(text.decode(bytes)) as Reply) : undefined;
}
