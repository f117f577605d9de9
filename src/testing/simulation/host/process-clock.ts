import type { Clock } from "../../../core/host/clock.ts";

const NS_PER_MS = 1e6;

/**
 * Creates the clock of a simulated process.
 *
 * Timers of a dead process fire at once: they only matter for its closing. Its own time passes with
 * them, because a timer that measures time would be set again for ever.
 *
 * @param clock - the clock of the simulation
 */
export function processClock(clock: Clock, isAlive: () => boolean): Clock {
  let skippedNs = 0;
  return {
    now: () => clock.now(),
    monotonicNs: () => clock.monotonicNs() + skippedNs,
    setTimer: (delayMs, callback) => {
      if (isAlive()) return clock.setTimer(delayMs, () => void (isAlive() && callback()));
      skippedNs += Math.ceil(delayMs * NS_PER_MS);
      void callSoon(callback);
      return () => undefined;
    },
  };
}

/** Calls back in a microtask of its own. */
async function callSoon(callback: () => void): Promise<void> {
  await Promise.resolve();
  callback();
}
