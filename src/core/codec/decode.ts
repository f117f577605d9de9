import { HandbackError } from "../errors/errors.ts";
import type { Encoded } from "./encoded.ts";
import type { Extension } from "./extension.ts";
import { type Parsed, Reviver } from "./revive.ts";
import { MARK } from "./tagged.ts";

const QUOTE = '"';

/**
 * Decodes a text. Only the kinds on the closed list of tags are made. Nothing is called or
 * evaluated.
 *
 * The value nests as deep as the text does: texts that were spliced together may be deeper than one
 * that was encoded at once. Raw control characters in a string, which no codec writes, are
 * accepted.
 *
 * @throws `UNSERIALIZABLE` if no codec with these extensions wrote the text.
 */
export function decode(text: Encoded, extensions: ReadonlyMap<string, Extension>): unknown {
  if (isPlain(text)) return text.slice(1, -1);
  try {
    const data = JSON.parse(text) as Parsed; // JSON.parse has a wider type than its results.
    // Tags and escaped keys both need a string that starts with the mark.
    return text.includes(`"${MARK}`) ? new Reviver(extensions).run(data) : data;
  } catch (error) {
    if (HandbackError.is(error)) throw error;
    throw new HandbackError("UNSERIALIZABLE", "the text is not something this codec wrote", {
      cause: error,
    });
  }
}

/** Tells whether a text is a string without escapes, which stands there as it is. */
function isPlain(text: Encoded): boolean {
  return (
    text.startsWith(QUOTE) && text.indexOf(QUOTE, 1) === text.length - 1 && !text.includes("\\")
  );
}
