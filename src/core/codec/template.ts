import { HandbackError } from "../errors/errors.ts";
import type { Encoded } from "./encoded.ts";

/**
 * A value as text with holes in it, for parts that are not known yet.
 *
 * There is one more segment than holes; segments and encoded values in turn make the text of the whole value.
 */
export interface Template {
  readonly segments: readonly string[];
  /** What stood where the holes are, in order; an object that stood in two places is here twice. */
  readonly holes: readonly object[];
}

/**
 * Puts one encoded value into each hole, in order.
 *
 * A property filled with `undefined` stays, as a property that is `undefined`; written in one piece it would be dropped.
 */
export function fillTemplate(segments: readonly string[], texts: readonly Encoded[]): Encoded {
  let [text] = segments;
  if (text === undefined || segments.length !== texts.length + 1) {
    throw new HandbackError(
      "UNSERIALIZABLE",
      `this template is not something this codec wrote: expected ${texts.length + 1} segments for ${texts.length} texts, got ${segments.length}`,
    );
  }
  // Segments were cut from valid text where a value stood, so a value in each gap makes it valid again.
  for (let hole = 0; hole < texts.length; hole++) text += texts[hole] + (segments[hole + 1] ?? "");
  return text as Encoded;
}
