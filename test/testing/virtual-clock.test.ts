import { VirtualClock } from "handback/testing";
import { expect, test } from "vitest";

/** Takes this many turns of the event loop, and uses no clock. */
async function elsewhere(turns: number): Promise<string> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
  return "done";
}

test("time passes beside unknown outside work", async () => {
  const clock = new VirtualClock();
  const work = elsewhere(30);
  const timer = clock.work(1_000);
  await expect(clock.until(work)).rejects.toThrow("nothing more can happen");
  expect(clock.now()).toBe(VirtualClock.startAt + 1_000);
  await Promise.all([work, timer]);
});

test("held time stands still until all holders have settled, then continues", async () => {
  const clock = new VirtualClock();
  const timer = clock.work(1_000);
  const held = [clock.hold(elsewhere(10)), clock.hold(elsewhere(30))];
  expect(await clock.until(Promise.all(held))).toEqual(["done", "done"]);
  expect(clock.now()).toBe(VirtualClock.startAt);
  await clock.until(timer);
  expect(clock.now()).toBe(VirtualClock.startAt + 1_000);
});

test("a holder that fails releases time, and passes on its error", async () => {
  const clock = new VirtualClock();
  const broken = new Error("broken");
  const failing = elsewhere(30).then(() => Promise.reject(broken));
  await expect(clock.until(clock.hold(failing))).rejects.toBe(broken);
  expect(clock.now()).toBe(VirtualClock.startAt);
  await clock.until(clock.work(5));
  expect(clock.now()).toBe(VirtualClock.startAt + 5);
});

test("quiet waits until time is no longer held", async () => {
  const clock = new VirtualClock();
  let isOver = false;
  const work = clock.hold(elsewhere(30)).finally(() => (isOver = true));
  await clock.quiet();
  expect(isOver).toBe(true);
  await work;
});
