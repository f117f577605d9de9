/** Kinds with a tag of their own. No extension may use one of these names. */
export const BUILT_IN_TAGS = [
  "undefined",
  "number",
  "bigint",
  "date",
  "map",
  "set",
  "bytes",
] as const;

/** One of the built-in tags. */
export type BuiltInTag = (typeof BUILT_IN_TAGS)[number];

/**
 * The property that marks a tag. A user's key that starts like it gets a second mark, so no data
 * looks like a tag.
 */
export const MARK = "$";

/** Writes a tag around data that is JSON text. */
export function tagged(tag: string, data: string): string {
  return `{"$":[${JSON.stringify(tag)},${data}]}`;
}

/** Opens a tag whose data is written piece by piece. {@link CLOSE_TAG} closes it. */
export function openTag(tag: BuiltInTag): string {
  return `{"$":["${tag}",`;
}

/** Closes the tag of {@link openTag}. */
export const CLOSE_TAG = "]}";

/** The numbers that JSON cannot write, by the names they are kept under. */
export const NUMBERS: ReadonlyMap<string, number> = new Map([
  ["NaN", NaN],
  ["Infinity", Infinity],
  ["-Infinity", -Infinity],
  ["-0", -0],
]);
