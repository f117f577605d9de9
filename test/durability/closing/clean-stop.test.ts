import { embedded, fn, memory, stateful, value } from "handback";
import type { Store } from "handback";
import { expect, test } from "vitest";
import type { Batch } from "../../../src/stores/store.ts";
import { VirtualClock } from "../../../src/testing/simulation/machine/virtual-clock.ts";
import { CrashingMachine } from "../support/crashing-machine.ts";

/** A store that records its commits. */
function watched(store: Store): {
  readonly store: Store;
  readonly marks: Batch["crashMarks"][number][];
} {
  const marks: Batch["crashMarks"][number][] = [];
  const commit = store.commit.bind(store);
  store.commit = (batch) => {
    marks.push(...batch.crashMarks);
    return commit(batch);
  };
  return { store, marks };
}

/** Tells whether the last stop was clean, and stops cleanly if so. */
async function wasClean(store: Store): Promise<boolean> {
  const { clean } = await store.open();
  await store.close(clean);
  return clean;
}

test("handlers cut off by a close are not suspected, however often that happens", async () => {
  const clock = new VirtualClock();
  const { store, marks } = watched(memory());
  let runs = 0;
  const long = fn("clean/long", async () => {
    runs++;
    await clock.work(60_000);
    return "done";
  });
  const options = { functions: [long], crashLimit: 1, clock };
  const first = await embedded({ store, ...options });
  await first.client.start(long, undefined, { id: "f" });
  await clock.until(first.close());
  for (let stop = 0; stop < 10; stop++) {
    const engine = await embedded({ store, ...options });
    await clock.quiet();
    // It starts at once.
    expect(runs).toBe(stop + 2);
    await clock.until(engine.close());
  }
  const engine = await embedded({ store, ...options });
  expect(await clock.until(engine.client.flow("f").result())).toBe("done");
  await clock.until(engine.close());
  expect(marks).toEqual([]);
});

test("messages accepted after an unclean stop are never marked, and recovered messages only once", async () => {
  const clock = new VirtualClock();
  const { store, marks } = watched(memory());
  const echo = fn("clean/echo", (_, n: number) => n);
  const wait = fn("clean/wait", async () => clock.work(10));
  const options = { functions: [echo, wait], clock };
  const first = await embedded({ store, ...options });
  await first.client.start(wait, undefined, { id: "w" });
  // As after a crash, only the store is closed, not the engine.
  await store.close();
  const engine = await embedded({ store, ...options });
  await clock.until(engine.client.flow("w").result());
  const marked = marks.splice(0);
  expect(marked.map(({ crashes }) => crashes)).toEqual([1, 0]);
  for (let n = 0; n < 100; n++) expect(await clock.until(engine.client.call(echo, n))).toBe(n);
  expect(marks).toEqual([]);
  await clock.until(engine.close());
});

test("a message that cannot be handled at all is not suspected of a crash", async () => {
  const clock = new VirtualClock();
  const { store, marks } = watched(memory());
  const state = { n: value(0) };
  const lax = stateful("clean/box", {
    state,
    handlers: {
      set: (ctx, n: number) => (ctx.state.n = n),
      wait: () => Promise.withResolvers<void>().promise,
    },
  });
  const first = await embedded({ functions: [lax], store, clock });
  await clock.until(first.client.call(lax.set, 1, { id: "a" }));
  await first.client.start(lax.wait, undefined, { id: "a" });
  await store.close();
  const validate = () => ({ issues: [{ message: "no" }] });
  const strict = stateful("clean/box", {
    state,
    schema: { "~standard": { version: 1, vendor: "test", validate } },
    handlers: { wait: (ctx) => ctx.state.n },
  });
  const engine = await embedded({ functions: [strict], store, clock });
  await clock.advance(10);
  expect(marks.map(({ crashes }) => crashes)).toEqual([1, 0]);
  expect(store.count()).toMatchObject({ messages: 1, dead: 0 });
  await clock.until(engine.close());
});

test("a clean close clears probation: a suspected message is handled at once afterwards, and its crashes count from zero", async () => {
  let runs = 0;
  const poison = fn("clean/poison", () => {
    runs++;
    return crashing.die();
  });
  const crashing: CrashingMachine = new CrashingMachine(() => [poison]);
  const { machine } = crashing;
  const first = await crashing.restart();
  await first.client.start(poison, undefined, { id: "p" }).catch(() => undefined);
  await machine.clock.quiet();
  await machine.boot();
  await machine.clock.quiet();
  expect(runs).toBe(2);
  // It is on probation now and waits while the engine is closed.
  const waiting = await machine.boot();
  await machine.clock.advance(500);
  expect(runs).toBe(2);
  await machine.clock.until(waiting.close());
  // As at the beginning, it takes two crashes that do not count, and three that do.
  const engine = await crashing.restart();
  expect(runs).toBe(2 + 5);
  for (const { id } of engine.deadLetters()) await engine.discard(id);
  await expect(engine.client.flow("p").result()).rejects.toMatchObject({
    code: "POISONED",
    details: { crashes: 3 },
  });
  await machine.clock.until(engine.close());
});

test("an engine whose store failed does not stop cleanly, though it is closed", async () => {
  const clock = new VirtualClock();
  const store = memory();
  const echo = fn("clean/echo", (_, n: number) => n);
  const engine = await embedded({ functions: [echo], store, clock });
  const commit = store.commit.bind(store);
  store.commit = () => Promise.reject(new Error("the disk is gone"));
  await expect(engine.client.call(echo, 1)).rejects.toMatchObject({ code: "STORE_FAILED" });
  await clock.until(engine.close());
  store.commit = commit;
  expect(await wasClean(store)).toBe(false);
  const next = await embedded({ functions: [echo], store, clock });
  await clock.until(next.close());
  expect(await wasClean(store)).toBe(true);
});

test("an engine that fails to start does not change whether the last stop was clean", async () => {
  const store = memory();
  const echo = fn("clean/echo", (_, n: number) => n);
  const renameStates = store.renameStates.bind(store);
  for (const clean of [true, false]) {
    await store.open();
    await store.close(clean);
    store.renameStates = () => Promise.reject(new Error("no"));
    const former = fn("clean/new", { aliases: ["clean/old"] }, () => undefined);
    await expect(embedded({ functions: [echo, former], store })).rejects.toThrow("no");
    store.renameStates = renameStates;
    expect(await wasClean(store)).toBe(clean);
  }
});
