/** Characters that could move the cursor, change colors, or reverse the direction of the text. */
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]|\p{Cs}/gu;

/**
 * Makes text of a user safe for a terminal: one line, in which control characters are escaped. So
 * no key and no error message can hide or forge output.
 */
export function safeText(text: string): string {
  return text.replaceAll(UNSAFE, (character) => {
    const code = character.charCodeAt(0).toString(16);
    return code.length <= 2 ? `\\x${code.padStart(2, "0")}` : `\\u${code.padStart(4, "0")}`;
  });
}

/** Writes a value as JSON on one line, safe for a terminal. A missing value is `undefined`. */
export function safeJson(value: unknown): string {
  return value === undefined ? "undefined" : safeText(JSON.stringify(value));
}

/** Writes a value for a person: text as it is, line by line, and anything else as indented JSON. */
export function safeBlock(value: unknown): string {
  if (value === undefined) return "(no value)";
  const text = typeof value === "string" ? value : JSON.stringify(value, undefined, 2);
  return text.split(/\r?\n/).map(safeText).join("\n");
}
