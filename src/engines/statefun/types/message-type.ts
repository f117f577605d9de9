import type { ValueType } from "../../../core/state/value.ts";
import type { StandardSchemaV1 } from "../../../core/validation/standard-schema.ts";

/**
 * A type of values on the wire of Stateful Functions: its name, and its values as bytes. Functions
 * in other languages know a type by this name. It is also a schema, for `accepts`, and a type of
 * stored values.
 */
export interface MessageType<Value> extends ValueType<Value>, StandardSchemaV1<Value, Value> {}

/** Tells whether a schema is a message type. */
export function isMessageType(schema: object): schema is MessageType<unknown> {
  return "typename" in schema && "encode" in schema && "decode" in schema;
}
