import type { Clock } from "../../../core/host/clock.ts";
import { clearTimeout, monotonicMs, setTimeout, wallClockMs } from "../../../machine/real-time.ts";

/** The machine's clock. */
export const systemClock: Clock = {
  now: wallClockMs,
  monotonicNs: () => Math.round(monotonicMs() * 1e6),
  setTimer(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};
