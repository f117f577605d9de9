import type { Encoded } from "./encoded.ts";
import type { Parsed } from "./revive.ts";

/**
 * Returns the text of a value with the keys of its plain objects in order, so that equal inputs of
 * different clients have one text. The order of lists, Maps and Sets is part of their value, and -0
 * is not 0.
 */
export function canonicalText(text: Encoded): string {
  // JSON.parse has a wider type than its results.
  return text.includes("{") ? write(JSON.parse(text) as Parsed) : text;
}

/** Tells whether two texts are of equal values, whatever the order of keys in their objects. */
export function hasEqualValue(one: Encoded, other: Encoded): boolean {
  return one === other || canonicalText(one) === canonicalText(other);
}

function write(data: Parsed): string {
  if (typeof data !== "object" || data === null) return JSON.stringify(data);
  if (Array.isArray(data)) return `[${data.map(write).join(",")}]`;
  const entries = Object.entries(data).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${write(value)}`).join(",")}}`;
}
