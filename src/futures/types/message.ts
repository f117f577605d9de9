import type { StandardSchemaV1 } from "../../core/validation/standard-schema.ts";

/**
 * A message with the name of its type, for functions that take several types of messages: `{ type:
 * "shop/user", value: { name: "Ada" } }`.
 *
 * Source: Flink Stateful Functions, "typed messages".
 */
export interface TypedMessage<out Type extends string = string, out Value = unknown> {
  /** Name of the message's type, `namespace/name`. */
  readonly type: Type;
  readonly value: Value;
}

/**
 * The types of messages that a function accepts, each with the schema of its value. `"*"` accepts
 * all other types.
 */
export type Accepts = Readonly<Record<string, StandardSchemaV1>>;

/** The messages that a function receives if it accepts these types: a union by `type`. */
export type MessageOf<Types extends Accepts> = {
  [Type in keyof Types & string]: TypedMessage<
    Type extends "*" ? string : Type,
    Types[Type] extends StandardSchemaV1<unknown, infer Value> ? Value : never
  >;
}[keyof Types & string];

/** The messages that callers send to a function that accepts these types. */
export type RawMessageOf<Types extends Accepts> = {
  [Type in keyof Types & string]: TypedMessage<
    Type extends "*" ? string : Type,
    Types[Type] extends StandardSchemaV1<infer Raw, unknown> ? Raw : never
  >;
}[keyof Types & string];
