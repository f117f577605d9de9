import { HandbackError } from "../../../core/errors/errors.ts";
import { show } from "../../../core/errors/show.ts";
import type { SchemaResult } from "../../../core/validation/standard-schema.ts";
import type { MessageType } from "./message-type.ts";

/** A message type before its checks. */
export interface UncheckedType<Value> extends Omit<MessageType<Value>, "~standard"> {
  /** Its values in words: "a boolean". */
  readonly expected: string;
  /** Tells whether a value is of this type. Values come from code that types may not have checked. */
  isValue(value: unknown): boolean;
}

/**
 * Makes a message type that refuses values and bytes of another type, with an error that names the
 * type. An error of the encoder or decoder becomes the cause.
 */
export function checkedType<Value>(type: UncheckedType<Value>): MessageType<Value> {
  const { typename, expected } = type;
  const validate = (value: unknown): SchemaResult<Value> =>
    type.isValue(value)
      ? { value: value as Value }
      : { issues: [{ message: `expected ${expected}, got ${show(value)}` }] };
  return Object.freeze({
    "~standard": Object.freeze({ version: 1, vendor: "handback", validate } as const),
    typename,
    encode(value: Value): Uint8Array {
      if (!type.isValue(value)) throw refuse(`expected ${expected}, got ${show(value)}`);
      return attempt(() => type.encode(value), `cannot be encoded`);
    },
    decode(bytes: Uint8Array): Value {
      const what = `${bytes.length} bytes cannot be decoded: expected ${expected}`;
      return attempt(() => type.decode(bytes), what);
    },
  });

  function attempt<Result>(action: () => Result, what: string): Result {
    try {
      return action();
    } catch (cause) {
      throw refuse(what, cause);
    }
  }

  function refuse(what: string, cause?: unknown): HandbackError {
    return new HandbackError("UNSERIALIZABLE", `a value of type ${typename}: ${what}`, {
      details: { path: "value", type: typename },
      ...(cause !== undefined && { cause }),
    });
  }
}
