import { FLOW_DIGITS } from "../../../core/message/message-id.ts";

/** A flow's number in two halves, because JavaScript's numbers hold 53 bits of its 64. */
export type NumberHalves = readonly [high: number, low: number];

/** Hex digits of the high half. */
const HIGH_DIGITS = 6;

/** The expression that makes the number of two parameters, which are its halves. */
export const JOINED = "(? << 40) | ?";

/** The columns `high` and `low` of a row's number. */
export const SPLIT = "(number >> 40) & 0xffffff AS high, number & 0xffffffffff AS low";

/** Splits a number, which is 16 hex digits. */
export function splitNumber(number: string): NumberHalves {
  return [
    Number.parseInt(number.slice(0, HIGH_DIGITS), 16),
    Number.parseInt(number.slice(HIGH_DIGITS), 16),
  ];
}

/** Joins the halves of a number. */
export function joinNumber([high, low]: NumberHalves): string {
  return (
    high.toString(16).padStart(HIGH_DIGITS, "0") +
    low.toString(16).padStart(FLOW_DIGITS - HIGH_DIGITS, "0")
  );
}
