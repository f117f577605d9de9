import type { Clock } from "../../core/host/clock.ts";
import { ok } from "./case/check.ts";
import type { DrivenTime } from "./case/time.ts";

/** Time allowed for everything that needs no time, in ms. */
const SETTLING_MS = 250;
/** Interval between two checks of a condition, and how long to keep checking, in ms. */
const POLLING_MS = 25;
const PATIENCE_MS = 30_000;

/** Time on a clock that runs by itself. */
export function realTime(clock: Clock): DrivenTime {
  const pass = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      clock.setTimer(ms, resolve);
    });
  return {
    now: () => clock.now(),
    advance: (ms) => pass(ms + SETTLING_MS),
    quiet: () => pass(SETTLING_MS),
    work: pass,
    almost: (ms) => ms / 4,
    assertPassed: (ms, since, until = clock.now()) =>
      ok(until - since >= ms, `expected ${ms} ms to pass at least, got ${until - since}`),
    async eventually(check) {
      const failsAt = clock.now() + PATIENCE_MS;
      for (;;) {
        try {
          return await check();
        } catch (error) {
          if (clock.now() > failsAt) throw error;
        }
        await pass(POLLING_MS);
      }
    },
    drive: (target) => target,
    until: (promise) => promise,
  };
}
