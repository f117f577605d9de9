import { RING } from "../kinds/timer.ts";
import { ClockReadings } from "../ledger/clock-readings.ts";
import type { Watch } from "../ledger/clock-readings.ts";
import type { Entry } from "../ledger/entry.ts";

/**
 * Returns the longest delay of a timer, in ms. The delay counts only while the timer was due by the
 * clock of a process that could fire it.
 *
 * If the clock is set back, the timer is no longer due. A process is not charged for the delay of
 * the one before it.
 */
export function longestWait(entries: readonly Entry[]): number {
  const { watches } = new ClockReadings(entries);
  const askedAt = new Map<number, number>();
  let longest = 0;
  for (const entry of entries) {
    if (entry.what === "intend" && !askedAt.has(entry.op)) askedAt.set(entry.op, entry.at);
    if (entry.what !== "effect" || entry.part !== RING) continue;
    const [from, to] = [askedAt.get(entry.op) ?? entry.at, entry.at];
    longest = Math.max(longest, waitOf(Number(entry.value), { from, to, watches }));
  }
  return longest;
}

/** Returns the longest period in which a timer was due between two instants. */
function waitOf(
  dueAt: number,
  { from, to, watches }: { from: number; to: number; watches: readonly Watch[] },
): number {
  let [longest, stretch] = [0, 0];
  for (const watch of watches) {
    const since = Math.max(watch.from, from, dueAt - watch.aheadMs);
    const until = Math.min(watch.to, to);
    const isDueFromTheStart = watch.goesOn && since === watch.from;
    stretch = (isDueFromTheStart ? stretch : 0) + Math.max(0, until - since);
    longest = Math.max(longest, stretch);
    if (watch.to >= to) break;
  }
  return longest;
}
