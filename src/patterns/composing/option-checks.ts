import { HandbackError } from "../../core/errors/errors.ts";
import { show } from "../../core/errors/show.ts";

/** Refuses what is no whole number from 1. @throws `INVALID_OPTIONS` */
export function checkCount(option: string, count: unknown): void {
  if (!Number.isSafeInteger(count) || (count as number) < 1)
    throw notAsExpected(option, "a whole number from 1", count);
}

/** Refuses what is no number within bounds, both included. @throws `INVALID_OPTIONS` */
export function checkRange(
  option: string,
  number: unknown,
  [from, to]: readonly [number, number],
): void {
  const expected =
    to === Number.POSITIVE_INFINITY ? `a number from ${from}` : `a number from ${from} to ${to}`;
  if (
    typeof number !== "number" ||
    !(number >= from && number <= to) ||
    number === Number.POSITIVE_INFINITY
  )
    throw notAsExpected(option, expected, number);
}

/** Refuses what is no function, unless it is left out. @throws `INVALID_OPTIONS` */
export function checkMapping(option: string, f: unknown): void {
  if (f !== undefined && typeof f !== "function") throw notAsExpected(option, "a function", f);
}

/** What a plain function answered that was asked yes or no: a promise, or nothing, is no answer. @throws `INVALID_OPTIONS` */
export function yesOrNo(option: string, answer: unknown): boolean {
  if (typeof answer === "boolean") return answer;
  throw notAsExpected(`what ${option} gave`, "true or false, at once", answer);
}

/** What is said of an option that is of the wrong kind. */
export function notAsExpected(option: string, expected: string, got: unknown): HandbackError {
  return new HandbackError("INVALID_OPTIONS", `${option}: expected ${expected}, got ${show(got)}`);
}
