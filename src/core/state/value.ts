import type { Duration } from "../validation/duration.ts";
import { durationMs, objectWith, optional, readOptions } from "../validation/options.ts";
import type { OptionTable } from "../validation/options.ts";
import { HandbackError } from "../errors/errors.ts";

/**
 * A type of values that other programs know: its name, and its values as bytes.
 *
 * Source: Flink Stateful Functions, "types".
 */
export interface ValueType<Value> {
  /** Name of the type, `namespace/name` with one slash. */
  readonly typename: string;
  /** Encodes a value. @throws `UNSERIALIZABLE` if it is not of this type */
  encode(value: Value): Uint8Array;
  /** Decodes the bytes of a value. @throws `UNSERIALIZABLE` if they are not of this type */
  decode(bytes: Uint8Array): Value;
}

/** Expiry of a persisted value, at most one of the two, and its type for other programs. */
export interface ValueOptions<Value = unknown> {
  /** Time after the value was last written. */
  readonly expireAfterWrite?: Duration;
  /** Time after its function was last called at this address. */
  readonly expireAfterCall?: Duration;
  /**
   * Type in which engines that share state with other programs store the value. Default: a type of
   * this library. Other engines ignore it.
   */
  readonly type?: ValueType<Value>;
}

const OPTIONS = {
  expireAfterWrite: optional(durationMs()),
  expireAfterCall: optional(durationMs()),
  type: optional(objectWith<ValueType<unknown>>({ encode: true, decode: true })),
} satisfies OptionTable<ValueOptions>;

/** Declares one persisted value of a stateful function. Made by {@link value}. */
export interface ValueSpec<out T> {
  /** The value before the first write, and after a deletion or expiry. */
  readonly initial: T;
  readonly expireAfterWriteMs?: number;
  readonly expireAfterCallMs?: number;
  readonly type?: ValueType<unknown>;
}

/**
 * Declares a persisted value: `count: value(0)`, `items: value<string[]>([])`, `name:
 * value<string>()`.
 *
 * Without an initial value it is `undefined` until written. All addresses share `initial`, which
 * never changes. Expiry restarts with every write (or call). An expired value is `initial` again.
 *
 * @throws `INVALID_OPTIONS` for both kinds of expiry, or for an unknown option; `INVALID_DELAY` for
 * an invalid duration.
 * @example
 * import { stateful, value } from "handback";
 *
 * const counter = stateful("docs/counter", {
 *   state: { count: value(0, { expireAfterWrite: "1h" }) },
 *   handlers: { add: (ctx, n: number) => (ctx.state.count += n) },
 * });
 */
export function value<T>(initial: T, options?: ValueOptions<NoInfer<T>>): ValueSpec<T>;
export function value<T>(initial?: undefined, options?: ValueOptions<T>): ValueSpec<T | undefined>;
export function value(initial?: unknown, options: ValueOptions = {}): ValueSpec<unknown> {
  const { expireAfterWrite, expireAfterCall, type } = readOptions("value()", OPTIONS, options);
  if (expireAfterWrite !== undefined && expireAfterCall !== undefined) {
    throw new HandbackError(
      "INVALID_OPTIONS",
      "a value expires after a write or after a call: expected one of the two, got both",
    );
  }
  return Object.freeze({
    initial,
    ...(expireAfterWrite !== undefined && { expireAfterWriteMs: expireAfterWrite }),
    ...(expireAfterCall !== undefined && { expireAfterCallMs: expireAfterCall }),
    ...(type !== undefined && { type }),
  });
}
