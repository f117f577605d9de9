import { isAnyDate } from "../data/kind.ts";
import { HandbackError } from "../errors/errors.ts";
import { show } from "../errors/show.ts";

/** A span of time: milliseconds, or a number with its unit, such as `"30s"` or `"1.5h"`. */
export type Duration = number | `${number}${"ms" | "s" | "m" | "h" | "d" | "w"}`;

const UNITS_MS: ReadonlyMap<string, number> = new Map([
  ["ms", 1],
  ["s", 1_000],
  ["m", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
  ["w", 604_800_000],
]);

/** The last instant a Date can hold, in ms since the epoch. */
const LAST_INSTANT = 8.64e15;

/**
 * The longest duration. Added to any instant before the year 22,000, it gives an instant that a
 * Date can hold.
 */
const LONGEST_MS = 8e15;

/** Most digits of a duration string. A double would lose more. */
const MAX_DURATION_LENGTH = 32;

/**
 * Reads a duration in ms, rounded up to a whole one so that nothing fires early.
 *
 * A string is digits, optionally a point and digits, and one of the units `ms s m h d w`: no sign,
 * no space, no exponent.
 *
 * @param what Names the thing for the message, such as `"the delay"`.
 * @throws `INVALID_DELAY` if it is negative, over 8e15 ms (250,000 years), or neither a number nor
 * a duration string.
 */
export function parseDuration(value: unknown, what: string): number {
  const ms = typeof value === "string" ? parseText(value) : value;
  if (typeof ms !== "number" || !(ms >= 0 && ms < Infinity)) {
    throw invalid(what, 'milliseconds >= 0 or a string such as "30s" or "1.5h"', show(value));
  }
  if (ms > LONGEST_MS) throw invalid(what, `at most ${LONGEST_MS} ms`, show(value));
  return wholeMs(ms);
}

/**
 * Reads an instant in ms since the epoch, rounded up to a whole one. A past instant is allowed: it
 * is due at once.
 *
 * @throws `INVALID_DELAY` for an Invalid Date, a value that is no number, or an instant further
 * than 8.64e15 ms from the epoch.
 */
export function parseInstant(value: unknown, what: string): number {
  const ms: unknown = isAnyDate(value) ? value.getTime() : value;
  if (typeof ms !== "number" || !(Math.abs(ms) <= LAST_INSTANT)) {
    throw invalid(
      what,
      "a valid Date or ms since the epoch",
      ms === value ? show(value) : "an Invalid Date",
    );
  }
  return wholeMs(ms);
}

/**
 * Returns the instant `ms` after `now`.
 *
 * @throws `INVALID_DELAY` if no Date could hold it.
 */
export function addDuration(now: number, ms: number): number {
  const due = now + ms;
  if (!(due <= LAST_INSTANT))
    throw invalid("the due time", `at most ${LAST_INSTANT} ms since the epoch`, show(due));
  return due;
}

/**
 * Multiplying by a unit can add a fraction that was never written (`"0.07s"` is 70.00000000000001
 * ms), which must not be rounded up.
 */
function parseText(text: string): number | undefined {
  if (text.length > MAX_DURATION_LENGTH) return undefined;
  const whole = skipDigits(text, 0);
  const end = text[whole] === "." ? skipDigits(text, whole + 1) : whole;
  const unitMs = UNITS_MS.get(text.slice(end));
  if (unitMs === undefined || whole === 0 || end === whole + 1) return undefined;
  return Number((Number(text.slice(0, end)) * unitMs).toPrecision(15));
}

function skipDigits(text: string, from: number): number {
  let at = from;
  while (at < text.length && text.charCodeAt(at) >= 48 && text.charCodeAt(at) <= 57) at++;
  return at;
}

/** Adding 0 turns the -0 that rounding can give into 0. */
function wholeMs(ms: number): number {
  return Math.ceil(ms) + 0;
}

function invalid(what: string, expected: string, got: string): HandbackError {
  return new HandbackError(
    "INVALID_DELAY",
    `${what} is not valid: expected ${expected}, got ${got}`,
  );
}
