import type { Clock } from "./clock.ts";

/** The longest delay that a clock's timer takes, in ms. */
const LONGEST_MS = 2 ** 31 - 1;
const NS_PER_MS = 1e6;

/**
 * Calls back once, no earlier than `delayMs` from now, however long that is. Returns a function
 * that cancels. It counts elapsed time, so setting the clock does not change it.
 */
export function setLongTimer(clock: Clock, delayMs: number, callback: () => void): () => void {
  const dueNs = clock.monotonicNs() + delayMs * NS_PER_MS;
  let cancel = sleep();
  return () => cancel();

  function sleep(): () => void {
    return clock.setTimer(
      Math.min(LONGEST_MS, Math.max(0, (dueNs - clock.monotonicNs()) / NS_PER_MS)),
      wake,
    );
  }

  function wake(): void {
    if (clock.monotonicNs() < dueNs) cancel = sleep();
    else callback();
  }
}
