import { embedded, fn, memory, stateful, value } from "handback";
import type { EmbeddedOptions } from "handback";
import { expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import { silent } from "../../../../src/core/host/log.ts";
import { CommitMeter } from "../../../../src/engines/embedded/commit/commit-meter.ts";
import { VirtualClock } from "../../../../src/testing/simulation/machine/virtual-clock.ts";

/** Opens an engine in virtual time. */
async function open(options: Partial<EmbeddedOptions> & Pick<EmbeddedOptions, "functions">) {
  const clock = new VirtualClock();
  const engine = await embedded({ store: memory(), clock, log: silent, ...options });
  onTestFinished(() => clock.until(engine.close()));
  return { engine, clock };
}

/** Functions whose handlers end when the test says so. */
function heldFunction(type: string) {
  const ends: (() => void)[] = [];
  const held = fn(type, () => new Promise<void>((resolve) => void ends.push(resolve)));
  return { held, endAll: () => ends.splice(0).forEach((end) => end()), ends };
}

test("an idle engine has its slots, and nothing that waits", async () => {
  const { engine } = await open({ functions: [], concurrency: 3 });
  expect(engine.stats()).toMatchObject({
    queued: 0,
    oldestQueuedMs: 0,
    slots: { all: 3, taken: 0, blocked: 0 },
    parked: 0,
    deadLetters: 0,
    timersDue: 0,
  });
  expect(Object.values(engine.stats().lines).every((count) => count === 0)).toBe(true);
});

test("queued messages count until their handlers start, and the oldest one grows older", async () => {
  const { held, endAll, ends } = heldFunction("stats/held");
  const { engine, clock } = await open({ functions: [held], concurrency: 2 });
  const starts = Array.from({ length: 5 }, (_, n) =>
    engine.client.start(held, undefined, { key: `${n}` }),
  );
  const flows = await clock.until(Promise.all(starts));
  await clock.quiet();
  expect(engine.stats()).toMatchObject({ queued: 3, slots: { all: 2, taken: 2, blocked: 0 } });
  await clock.advance(60_000);
  const { oldestQueuedMs } = engine.stats();
  expect(oldestQueuedMs).toBeGreaterThanOrEqual(60_000);
  expect(oldestQueuedMs).toBeLessThanOrEqual(60_700);
  while (ends.length > 0) {
    endAll();
    await clock.quiet();
  }
  await clock.until(Promise.all(flows.map((flow) => flow.result())));
  expect(engine.stats()).toMatchObject({ queued: 0, oldestQueuedMs: 0, slots: { taken: 0 } });
});

test("blocked handlers have no slot, and are counted", async () => {
  const { held, endAll } = heldFunction("stats/slow");
  const blocked = fn("stats/blocked", async (ctx) => ctx.get(ctx.invoke(held)));
  const { engine, clock } = await open({ functions: [held, blocked], concurrency: 1 });
  const flow = await clock.until(engine.client.start(blocked));
  await clock.quiet();
  expect(engine.stats().slots).toEqual({ all: 1, taken: 1, blocked: 1 });
  endAll();
  await clock.until(flow.result());
});

test("activations and commits grow with the work", async () => {
  const add = fn("stats/add", (_, n: number) => n + 1);
  const { engine, clock } = await open({ functions: [add] });
  const before = engine.stats();
  for (let n = 0; n < 10; n++) await clock.until(engine.client.call(add, n));
  const after = engine.stats();
  expect(after.activations - before.activations).toBeGreaterThanOrEqual(20);
  expect(after.commits.count - before.commits.count).toBeGreaterThanOrEqual(20);
  expect(after.commits.batchSize).toBeGreaterThan(0);
});

test("parked messages, dead letters and due timers are counted", async () => {
  const store = memory();
  const fails = fn("stats/fails", () => {
    throw new Error("lost");
  });
  const gone = fn("stats/gone", () => 1);
  const starter = fn("stats/starter", (ctx) => {
    ctx.send(fails);
    ctx.send(gone, undefined, { delay: "20s" });
  });
  const functions = [fails, gone, starter];
  const first = new VirtualClock();
  const engine = await embedded({ functions, store, clock: first, log: silent });
  await first.until(engine.client.call(starter));
  await first.quiet();
  expect(engine.stats()).toMatchObject({ deadLetters: 1, timersDue: 0, lines: { deadLetter: 1 } });
  await first.until(engine.close());

  const { engine: later, clock } = await open({ functions: [fails, starter], store });
  await clock.advance(20_000);
  await clock.quiet();
  expect(later.stats()).toMatchObject({ parked: 1, queued: 0, lines: { parked: 1 } });
});

test("messages behind one whose state cannot be read are parked", async () => {
  const store = memory();
  const cart = stateful("stats/cart", {
    state: { items: value(0) },
    handlers: { add: (ctx) => ctx.state.items++ },
  });
  const first = await open({ functions: [cart], store });
  await first.clock.until(first.engine.client.call(cart.add, undefined, { id: "a" }));
  await first.clock.until(first.engine.close());

  const strict = stateful("stats/cart", {
    state: { items: value("") },
    schema: z.object({ items: z.string() }),
    handlers: { add: (ctx) => ctx.state.items },
  });
  const { engine, clock } = await open({ functions: [strict], store });
  for (const key of ["x", "y"])
    await clock.until(engine.client.start(strict.add, undefined, { id: "a", key }));
  await clock.quiet();
  expect(engine.stats()).toMatchObject({ parked: 2, queued: 0, oldestQueuedMs: 0 });
});

test.each(["stats/ended-fn", "stats/ended-state"])(
  "states of %s that no function reaches are a kind of line",
  async (type) => {
    const store = memory();
    const cart = stateful(type, {
      state: { items: value(0) },
      handlers: { add: (ctx) => ctx.state.items++ },
    });
    const clock = new VirtualClock();
    const engine = await embedded({ functions: [cart], store, clock, log: silent });
    await clock.until(engine.client.call(cart.add, undefined, { id: "a" }));
    await clock.until(engine.close());
    const { engine: later } = await open({ functions: [], store });
    expect(later.stats().lines.unknownState).toBe(1);
  },
);

test("retries, failures, timeouts and taken slots are kinds of lines", async () => {
  const flaky = fn("stats/flaky", { retry: { maxAttempts: 3, initialDelay: "1s" } }, (): void => {
    throw new Error("down");
  });
  const slow = fn("stats/late", { timeout: "1s" }, () => new Promise(() => undefined));
  const { held, endAll, ends } = heldFunction("stats/taken");
  const { engine, clock } = await open({ functions: [flaky, slow, held], concurrency: 1 });
  await clock.until(engine.client.call(flaky).catch(() => undefined));
  await clock.until(engine.client.call(slow).catch(() => undefined));
  for (const key of ["a", "b"]) await clock.until(engine.client.start(held, undefined, { key }));
  await clock.advance(11_000);
  expect(engine.stats().lines).toMatchObject({
    retry: 2,
    flowFailed: 2,
    handlerTimeout: 1,
    slotsTaken: 1,
  });
  while (ends.length > 0) {
    endAll();
    await clock.quiet();
  }
});

test("a closed engine has no figures", async () => {
  const engine = await embedded({ functions: [], store: memory() });
  await engine.close();
  expect(() => engine.stats()).toThrow(expect.objectContaining({ code: "CLOSED" }));
});

test("the times of commits are those of the last 1,000", () => {
  const time = { ns: 0 };
  const meter = new CommitMeter({ monotonicNs: () => time.ns });
  const commit = (ms: number, messages: number): void => {
    const began = meter.begin();
    time.ns += ms * 1e6;
    meter.end(began, messages);
  };
  expect(meter.read()).toEqual({ count: 0, batchSize: 0, p50Ms: 0, p99Ms: 0 });
  for (let n = 0; n < 500; n++) commit(900, 9);
  for (let n = 1; n <= 1_000; n++) commit(n / 10, n % 2 === 0 ? 1 : 3);
  expect(meter.read()).toEqual({ count: 1_500, batchSize: 2, p50Ms: 50, p99Ms: 99 });
});
