import type { Json } from "../data/json.ts";

/** A kind of object that the codec keeps beside the built-in ones. The layer above adds its own; core knows none. */
export interface Extension {
  /** Marks the kind in the text. Stored texts hold it: never renamed, never reused. */
  readonly tag: string;
  /** Tells whether `value` is of this kind. Asked about every object of a value, so it should be quick. */
  matches(value: object): boolean;
  /** Gives what to write; a HandbackError that it throws reaches the caller as it is. */
  encode(value: object): Json;
  /** Makes the object again from what `encode` gave; throws on any other shape. What it makes must be immutable. */
  decode(data: Json): unknown;
}
