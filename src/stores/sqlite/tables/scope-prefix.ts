/** The highest code point, which no name contains. */
const LAST_CODE_POINT = "\u{10ffff}";

/** Returns the upper bound (exclusive) of all names that begin with `prefix`. */
export function prefixEnd(prefix: string): string {
  return `${prefix}${LAST_CODE_POINT}`;
}

/** A `LIMIT` that keeps all rows. */
export const NO_LIMIT = -1;
