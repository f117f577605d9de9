import type { Clock } from "./clock.ts";

/** The longest delay that a clock's timer takes, in ms. */
const LONGEST_MS = 2 ** 31 - 1;

/** Calls back once, no earlier than `delayMs` from now, however long that is; returns a cancellation. */
export function setLongTimer(clock: Clock, delayMs: number, callback: () => void): () => void {
  const dueAt = clock.now() + delayMs;
  let cancel = sleep();
  return () => cancel();

  function sleep(): () => void {
    return clock.setTimer(Math.min(LONGEST_MS, Math.max(0, dueAt - clock.now())), wake);
  }

  function wake(): void {
    if (clock.now() < dueAt) cancel = sleep();
    else callback();
  }
}
