import { HandbackError } from "../errors/errors.ts";
import type { Encoded } from "./encoded.ts";

/**
 * A value as text with holes for parts that are not known yet.
 *
 * There is one more segment than holes. Segments and encoded values, in turn, make the text of the
 * whole value.
 */
export interface Template {
  readonly segments: readonly string[];
  /** The objects at the holes, in order. An object at two places occurs twice. */
  readonly holes: readonly object[];
}

/**
 * Fills each hole with one encoded value, in order.
 *
 * A property filled with `undefined` stays, as a property that is `undefined`. Encoded in one piece
 * it would be dropped.
 */
export function fillTemplate(segments: readonly string[], texts: readonly Encoded[]): Encoded {
  let [text] = segments;
  if (text === undefined || segments.length !== texts.length + 1) {
    throw new HandbackError(
      "UNSERIALIZABLE",
      `this template is not something this codec wrote: expected ${texts.length + 1} segments for ${texts.length} texts, got ${segments.length}`,
    );
  }
  // The segments were cut from valid text at the places of values, so a value in each gap makes it
  // valid again.
  for (let hole = 0; hole < texts.length; hole++) text += texts[hole] + (segments[hole + 1] ?? "");
  return text as Encoded;
}
