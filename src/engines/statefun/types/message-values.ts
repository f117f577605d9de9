import { HandbackError } from "../../../core/errors/errors.ts";
import type { TypedBytes } from "../wire/request.ts";
import { bool, double, float, int, long, string } from "./built-in.ts";
import { bytes, json } from "./custom.ts";
import { kafkaRecord, kinesisRecord } from "./egress-records.ts";
import { isBytes } from "./is-bytes.ts";
import type { MessageType } from "./message-type.ts";

/** Type of values without a type of their own, as JSON. */
const ANY_JSON = json<unknown>("handback/json");
/** Type of bytes without a type of their own. */
const ANY_BYTES = bytes("handback/bytes");

const KNOWN_TYPES: readonly MessageType<unknown>[] = [
  bool,
  int,
  long,
  float,
  double,
  string,
  kafkaRecord,
  kinesisRecord,
  ANY_JSON,
  ANY_BYTES,
];

/** Begins the names of Protobuf types. */
const PROTOBUF = "type.googleapis.com/";

/** A value with the name of its type. */
interface TypedValue {
  readonly type: string;
  readonly value: unknown;
}

/**
 * Encodes the values of messages for functions of other SDKs, and decodes theirs.
 *
 * V1 A message that names its type is encoded by that type. A type without a description of its own
 * is JSON, or bytes as they are. A Protobuf type needs a description, because its bytes are no JSON.
 * V2 A plain value gets the built-in type that other SDKs would give it, else JSON.
 */
export class MessageValues {
  readonly #types = new Map<string, MessageType<unknown>>();

  constructor(types: readonly MessageType<unknown>[] = []) {
    for (const type of [...KNOWN_TYPES, ...types]) this.add(type);
  }

  /** Adds a type. @throws `INVALID_OPTIONS` if its name belongs to another one */
  add(type: MessageType<unknown>): void {
    const known = this.#types.get(type.typename);
    if (known !== undefined && known !== type) {
      const why = `two message types are named ${type.typename}; expected one`;
      throw new HandbackError("INVALID_OPTIONS", why);
    }
    this.#types.set(type.typename, type);
  }

  /** Encodes a message. @throws `UNSERIALIZABLE`, `INVALID_NAME` */
  encode(message: unknown): TypedBytes {
    const { type, value } = isTypedValue(message)
      ? { type: this.#typeOf(message), value: message.value }
      : { type: plainType(message), value: message };
    return { typename: type.typename, bytes: type.encode(value) };
  }

  /**
   * Decodes a value. `isJson` tells that the receiver describes this type by a schema, so that its
   * values are JSON. Without it, a value of an unknown type is its bytes.
   * @throws `UNSERIALIZABLE`
   */
  decode({ typename, bytes: value }: TypedBytes, isJson: boolean): unknown {
    const type = this.#types.get(typename) ?? (isJson ? ANY_JSON : ANY_BYTES);
    return type.decode(value);
  }

  /** Tells whether a type has a description. */
  knows(typename: string): boolean {
    return this.#types.has(typename);
  }

  #typeOf({ type: typename, value }: TypedValue): MessageType<unknown> {
    const known = this.#types.get(typename);
    if (known !== undefined) return known;
    if (isBytes(value)) return bytes(typename);
    if (typename.startsWith(PROTOBUF)) throw undescribed(typename);
    return json(typename);
  }
}

function undescribed(typename: string): HandbackError {
  const why = `a value of type ${typename}: the type is not described; add it to the option types`;
  return new HandbackError("UNSERIALIZABLE", why, { details: { path: "value", type: typename } });
}

function isTypedValue(message: unknown): message is TypedValue {
  return (
    typeof message === "object" &&
    message !== null &&
    "type" in message &&
    typeof message.type === "string" &&
    message.type.includes("/") &&
    "value" in message &&
    Object.keys(message).length === 2
  );
}

/** Returns the type of a value that names none. @throws `UNSERIALIZABLE` for no value at all */
function plainType(value: unknown): MessageType<unknown> {
  if (typeof value === "string") return string;
  if (typeof value === "boolean") return bool;
  if (typeof value === "bigint") return long;
  if (typeof value === "number") return "issues" in int["~standard"].validate(value) ? double : int;
  return isBytes(value) ? ANY_BYTES : ANY_JSON;
}

/** Makes a message of a type. @throws `UNSERIALIZABLE` if the value is not of this type */
export function typed<Value>(
  type: MessageType<Value>,
  value: Value,
): { readonly type: string; readonly value: Value } {
  type.encode(value);
  return { type: type.typename, value };
}
