import { MARK } from "./tagged.ts";

/**
 * Writes a key of a record. A key that begins with the mark gets a second mark. A key that JSON
 * would write with an escape sequence is written in hex, after the mark and an `x`, four digits for
 * each unit: `JSON.parse` of V8 13.6 (Node 24) confuses such a key with another one from an earlier
 * text.
 */
export function escapeKey(key: string): string {
  if (NEEDS_HEX.test(key))
    return (
      MARK + HEX + Array.from({ length: key.length }, (_, at) => hexOf(key.charCodeAt(at))).join("")
    );
  return key.startsWith(MARK) ? MARK + key : key;
}

/** Reads a key of {@link escapeKey}. Returns `undefined` for any other text. */
export function unescapeKey(key: string): string | undefined {
  if (!key.startsWith(MARK)) return key;
  if (key.startsWith(MARK, MARK.length)) return key.slice(MARK.length);
  const digits = key.slice(MARK.length + HEX.length);
  if (!key.startsWith(HEX, MARK.length) || !/^(?:[0-9a-f]{4})+$/.test(digits)) return undefined;
  const units = Array.from({ length: digits.length / 4 }, (_, at) =>
    Number.parseInt(digits.slice(4 * at, 4 * at + 4), 16),
  );
  return units.map((unit) => String.fromCharCode(unit)).join("");
}

const HEX = "x";
/**
 * The characters that JSON.stringify escapes: quotes, backslashes, control characters, and lone
 * surrogates.
 */
const NEEDS_HEX =
  // oxlint-disable-next-line no-control-regex
  /["\\\u0000-\u001f]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

function hexOf(unit: number): string {
  return unit.toString(16).padStart(4, "0");
}
