import type { Json } from "../data/json.ts";

/**
 * A kind of object that the codec keeps beside the built-in ones. The layer above adds its own.
 * Core knows none.
 */
export interface Extension {
  /** Marks the kind in the text. Stored texts hold it, so it is never renamed or reused. */
  readonly tag: string;
  /**
   * Tells whether `value` is of this kind. Called for every object of a value, so it should be
   * quick.
   */
  matches(value: object): boolean;
  /** Returns the data to write. A HandbackError that it throws reaches the caller unchanged. */
  encode(value: object): Json;
  /**
   * Makes the object from the data of `encode`. Throws on any other shape. The object must be
   * immutable.
   */
  decode(data: Json): unknown;
}
