import type { VirtualClock } from "../simulation/machine/virtual-clock.ts";
import { equal } from "./case/check.ts";
import { driven } from "./driven.ts";
import type { DrivenTime } from "./case/time.ts";

/**
 * Time on a virtual clock. It passes when everything waits for it, and while a promise is awaited.
 */
export function virtualTime(clock: VirtualClock): DrivenTime {
  return {
    now: () => clock.now(),
    advance: (ms) => clock.advance(ms),
    quiet: () => clock.quiet(),
    work: (ms) => clock.work(ms),
    almost: (ms) => ms - 1,
    assertPassed: (ms, since, until = clock.now()) =>
      equal(until - since, ms, "the time that has passed"),
    async eventually(check) {
      await clock.quiet();
      await check();
    },
    drive: (target) => driven(target, clock),
    // A promise that waits for something other than the clock, such as a file, settles without it.
    until: (promise) => clock.until(promise).catch(() => promise),
  };
}
