import type { Clock } from "../../../core/host/clock.ts";
import type { Lifecycle } from "./lifecycle.ts";

/**
 * Returns a clock whose timers run as steps of the engine: a callback that throws stops the engine.
 */
export function guardedClock(clock: Clock, lifecycle: Lifecycle): Clock {
  return {
    now: () => clock.now(),
    monotonicNs: () => clock.monotonicNs(),
    setTimer: (delayMs, callback) => clock.setTimer(delayMs, () => lifecycle.run(callback)),
  };
}
