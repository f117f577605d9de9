import type { FlowOrder, FlowPosition } from "../../../core/engine/flow-index.ts";
import { splitNumber } from "./flow-number.ts";

/** Places before and after those of all flows. */
const FIRST: FlowPosition = { startedAt: -8.64e15 - 1, number: "0".repeat(16) };
const LAST: FlowPosition = { startedAt: 8.64e15 + 1, number: "0".repeat(16) };

/** Returns the parameters of the place after which to read: the instant, and the number's halves. */
export function placeAfter(
  order: FlowOrder,
  after: FlowPosition = order === "newest" ? LAST : FIRST,
): readonly [startedAt: number, high: number, low: number] {
  return [after.startedAt, ...splitNumber(after.number)];
}
