import { FLOW_DIGITS } from "../core/message/message-id.ts";

/** The most keys with one prefix that are ordered by the starts of their flows. */
export const MOST_PREFIXED_KEYS = 65_536;

const LAST_CODE_POINT = 0x10ffff;
const [FIRST_SURROGATE, LAST_SURROGATE] = [0xd800, 0xdfff];

/**
 * Returns the least text, by its code points, that follows all texts that begin with `prefix`;
 * `undefined` if none does.
 */
export function textAfterPrefix(prefix: string): string | undefined {
  const points = Array.from(prefix, (character) => character.codePointAt(0) ?? 0);
  while (points.at(-1) === LAST_CODE_POINT) points.pop();
  const last = points.pop();
  if (last === undefined) return undefined;
  const next = last + 1;
  points.push(next >= FIRST_SURROGATE && next <= LAST_SURROGATE ? LAST_SURROGATE + 1 : next);
  return String.fromCodePoint(...points);
}

/** Returns the first and last flow number that begins with `prefix`, if one can. */
export function numbersWithPrefix(prefix: string): readonly [string, string] | undefined {
  return prefix.length <= FLOW_DIGITS && /^[0-7][0-9a-f]*$/.test(prefix)
    ? [prefix.padEnd(FLOW_DIGITS, "0"), prefix.padEnd(FLOW_DIGITS, "f")]
    : undefined;
}
