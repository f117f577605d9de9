import type { Clock } from "../../core/host/clock.ts";

/** Longest delay that a clock takes. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * Returns a clock on which time passes `factor` times more slowly than on another: a second on it
 * is `factor` seconds there.
 */
export function slowClock(clock: Clock, factor: number): Clock {
  if (factor === 1) return clock;
  const start = clock.now();
  return {
    now: () => start + Math.floor((clock.now() - start) / factor),
    monotonicNs: () => Math.floor(clock.monotonicNs() / factor),
    setTimer(delayMs, callback) {
      let cancel = (): void => undefined;
      const wait = (leftMs: number): void => {
        const stepMs = Math.min(leftMs, LONGEST_MS);
        cancel = clock.setTimer(stepMs, () =>
          stepMs < leftMs ? wait(leftMs - stepMs) : callback(),
        );
      };
      wait(delayMs * factor);
      return () => cancel();
    },
  };
}
