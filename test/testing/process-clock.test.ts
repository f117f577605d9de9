import { VirtualClock } from "handback/testing";
import { expect, test } from "vitest";
import { setLongTimer } from "../../src/core/host/long-timer.ts";
import { processClock } from "../../src/testing/simulation/host/process-clock.ts";

const MONTH_MS = 30 * 24 * 60 * 60 * 1_000;

test.each([0, 1, 0.25, 30_000, MONTH_MS])(
  "a timer of %d ms of a dead process fires at once, although it measures time",
  async (delayMs) => {
    let asked = 0;
    const clock = processClock(new VirtualClock(), () => {
      if (++asked > 100) throw new Error("the timer is set again for ever");
      return false;
    });
    const fired = await new Promise<boolean>((resolve) => {
      setLongTimer(clock, delayMs, () => resolve(true));
      setImmediate(() => resolve(false));
    });
    expect(fired).toBe(true);
  },
);

test("a timer of a process that dies before it fires never fires", async () => {
  const world = new VirtualClock();
  let isAlive = true;
  let fired = false;
  processClock(world, () => isAlive).setTimer(1_000, () => (fired = true));
  isAlive = false;
  await world.until(world.work(2_000));
  expect(fired).toBe(false);
});
