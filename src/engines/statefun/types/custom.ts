import { fromBinary, isMessage, toBinary } from "@bufbuild/protobuf";
import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { checkTypename } from "../wire/typename.ts";
import { checkedType } from "./checked-type.ts";
import { isBytes } from "./is-bytes.ts";
import { isJson } from "./plain-json.ts";
import type { MessageType } from "./message-type.ts";

const utf8 = new TextEncoder();
const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Makes a type of JSON values. The bytes are JSON text in UTF-8, as the Python and JavaScript SDKs
 * write them.
 * @throws `INVALID_NAME`
 */
export function json<Value>(typename: string): MessageType<Value> {
  return checkedType<Value>({
    typename: checkTypename(typename),
    expected: "a JSON value",
    isValue: (value) => isJson(value),
    encode: (value) => utf8.encode(JSON.stringify(value)),
    decode: (bytes) => JSON.parse(strictUtf8.decode(bytes)) as Value,
  });
}

/** Makes a type whose values are their bytes. @throws `INVALID_NAME` */
export function bytes(typename: string): MessageType<Uint8Array> {
  return checkedType<Uint8Array>({
    typename: checkTypename(typename),
    expected: "a Uint8Array",
    isValue: isBytes,
    encode: (value) => value.slice(),
    decode: (value) => value.slice(),
  });
}

/**
 * Makes a type of Protobuf messages from a schema that `protoc-gen-es` generated. Its name is
 * `type.googleapis.com/` and the full name of the message, as in the Python SDK, unless another is
 * given.
 * @throws `INVALID_NAME`
 */
export function protobuf<Schema extends DescMessage>(
  schema: Schema,
  typename: string = `type.googleapis.com/${schema.typeName}`,
): MessageType<MessageShape<Schema>> {
  return checkedType<MessageShape<Schema>>({
    typename: checkTypename(typename),
    expected: `a ${schema.typeName}`,
    isValue: (message) => isMessage(message, schema),
    encode: (message) => toBinary(schema, message),
    decode: (message) => fromBinary(schema, message),
  });
}
