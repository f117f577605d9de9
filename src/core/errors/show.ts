import { isExactDate } from "../data/kind.ts";

const MAX_LENGTH = 80;

/**
 * Describes any value in a few words for an error message: short, on one line, and without running
 * the value's own code. Objects are named by their kind only, because their content may be secret.
 */
export function show(value: unknown): string {
  switch (typeof value) {
    case "string":
      return showString(value);
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "boolean":
    case "undefined":
      return String(value);
    case "bigint":
      return "a bigint";
    case "object":
      return showObject(value);
    default:
      return `a ${typeof value}`;
  }
}

/** Quotes and escapes a string, cut to 80 characters. */
export function showString(text: string): string {
  const quoted = escape(text.slice(0, MAX_LENGTH));
  return text.length > MAX_LENGTH ? `${quoted}... (${text.length} characters)` : quoted;
}

function showObject(value: object | null): string {
  if (value === null) return "null";
  // A revoked Proxy throws even here.
  try {
    if (Array.isArray(value)) return "an array";
    return isExactDate(value) ? "a Date" : "an object";
  } catch {
    return "an object";
  }
}

/**
 * Quotes as JSON does. Also escapes characters that a terminal or a log reader takes for a command
 * or a new line.
 */
function escape(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
