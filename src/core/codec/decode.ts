import { HandbackError } from "../errors/errors.ts";
import type { Encoded } from "./encoded.ts";
import type { Extension } from "./extension.ts";
import { type Parsed, Reviver } from "./revive.ts";
import { MARK } from "./tagged.ts";

const QUOTE = '"';

/**
 * Makes a value again from its text. Only what the closed list of tags says is made; nothing is called or evaluated.
 *
 * It nests as deep as the text does: texts that were spliced together may be deeper than one that was encoded at once. Control characters
 * that stand in a string as they are, which no codec writes, are taken as they are.
 *
 * @throws `UNSERIALIZABLE` when no codec with these extensions wrote the text.
 */
export function decode(text: Encoded, extensions: ReadonlyMap<string, Extension>): unknown {
  if (isPlain(text)) return text.slice(1, -1);
  try {
    const data = JSON.parse(text) as Parsed; // Exactly what JSON.parse makes, whose type is wider.
    // Tags and escaped keys alike need a string that starts with the mark.
    return text.includes(`"${MARK}`) ? new Reviver(extensions).run(data) : data;
  } catch (error) {
    if (HandbackError.is(error)) throw error;
    throw new HandbackError("UNSERIALIZABLE", "the text is not something this codec wrote", {
      cause: error,
    });
  }
}

/** Whether a text is a string with nothing escaped in it, which stands there as it is. */
function isPlain(text: Encoded): boolean {
  return (
    text.startsWith(QUOTE) && text.indexOf(QUOTE, 1) === text.length - 1 && !text.includes("\\")
  );
}

/** Tells whether the value of `text` may hold an object that can change without being replaced: a Date, Map, Set or Uint8Array. */
export function mayHoldMutableLeaf(text: Encoded): boolean {
  return /\{"\$":\["(?:date|map|set|bytes)"/.test(text);
}
