import { join } from "node:path";
import { embedded, fn, memory, sqlite } from "handback";
import type { StreamItem } from "handback";
import { expect, test } from "vitest";
import type { Batch } from "../../../../src/stores/store.ts";
import { HeldStore } from "../../../durability/support/held-store.ts";
import { start } from "../../../durability/support/started-engine.ts";
import { temporaryDirectory } from "../../../stores/support/temporary-directory.ts";

async function valuesOf(items: AsyncIterable<StreamItem>): Promise<readonly unknown[]> {
  const values: unknown[] = [];
  for await (const { value } of items) values.push(value);
  return values;
}

const burst = fn("test/burst", (ctx, count: number) => {
  for (let n = 0; n < count; n++) void ctx.emit("n", n);
});

test("thousands of values share few rows and commits", async () => {
  const content = memory();
  let commits = 0;
  const store = new HeldStore(content, async () => void commits++, "at once");
  const { engine } = await start({ functions: [burst], store });
  const flow = await engine.client.start(burst, 5_000);
  expect(await valuesOf(flow.stream("n"))).toHaveLength(5_000);
  expect(commits).toBeLessThan(8);
  expect(content.readJournal?.({ after: 0, limit: 100 })).toHaveLength(5);
});

test("values that are not durable yet are bounded for each run, and those before stay", async () => {
  const greedy = fn("test/greedy", async (ctx) => {
    let count = 0;
    try {
      for (; count < 1_000_000; count++) void ctx.emit("n", count);
    } catch (error) {
      return { count, code: (error as { code?: unknown }).code };
    } finally {
      await ctx.emit("other", "after").catch(() => undefined);
    }
    return { count, code: undefined };
  });
  const { engine } = await start({ functions: [greedy], store: memory() });
  const flow = await engine.client.start(greedy);
  await expect(flow.result()).rejects.toMatchObject({ code: "OVERLOADED" });
  expect(await valuesOf(flow.stream("n"))).toHaveLength(65_536);
});

test.each([
  ["canceled", "CANCELLED"],
  ["timed out", "STALE_ATTEMPT"],
])("a run that was %s emits nothing after", async (how, code) => {
  const gate = Promise.withResolvers<void>();
  const last = Promise.withResolvers<unknown>();
  const options = how === "canceled" ? { grace: "1m" as const } : { timeout: "1s" as const };
  const stubborn = fn("test/stubborn", options, async (ctx) => {
    await ctx.emit("n", 1);
    await gate.promise;
    try {
      void ctx.emit("n", 2);
    } catch (error) {
      last.resolve(error);
    }
  });
  const { engine, clock } = await start({ functions: [stubborn], store: memory() });
  const flow = await engine.client.start(stubborn);
  await flow.stream("n").next();
  if (how === "canceled") await engine.client.cancel(flow);
  else await clock.advance(2_000);
  gate.resolve();
  expect(await last.promise).toMatchObject({ code });
  expect(await valuesOf(flow.stream("n"))).toEqual([1]);
});

test("a promise that is not awaited does not end the process when the engine stops", async () => {
  const held = Promise.withResolvers<Batch>();
  held.promise.catch(() => undefined);
  let isHeld = false;
  const store = new HeldStore(memory(), async () => (isHeld ? held.promise : undefined));
  const begun = Promise.withResolvers<void>();
  const emits = fn("test/emits", async (ctx) => {
    isHeld = true;
    void ctx.emit("n", 1);
    begun.resolve();
    await new Promise(() => undefined);
  });
  const lines: string[] = [];
  const note = (line: string) => void lines.push(line);
  const log = { debug: note, info: note, warn: note, error: note };
  const { engine } = await start({ functions: [emits], store, log });
  const flow = await engine.client.start(emits);
  await begun.promise;
  held.reject(new Error("the disk is gone"));
  await expect(flow.result()).rejects.toMatchObject({ code: "STORE_FAILED" });
  // The process tells of unhandled rejections in the next turn of its event loop.
  await new Promise(setImmediate);
  expect(lines).toEqual([expect.stringContaining("the engine has stopped")]);
});

test("a reader on SQLite goes on after a restart with its cursor", async () => {
  const path = join(temporaryDirectory(), "streams.db");
  const go = fn("test/go", (ctx) => {
    for (const n of [3, 4]) void ctx.emit("n", n);
  });
  const halves = fn("test/halves", (ctx) => {
    for (const n of [1, 2]) void ctx.emit("n", n);
    return ctx.onComplete(ctx.event("go"), go);
  });
  const open = () => embedded({ functions: [halves, go], store: sqlite(path) });
  const first = await open();
  const reading = (await first.client.start(halves, undefined, { key: "f" })).stream("n");
  const items = [(await reading.next()).value, (await reading.next()).value] as StreamItem[];
  const [waiting] = await Promise.allSettled([reading.next(), first.close()]);
  expect(waiting).toMatchObject({ status: "rejected", reason: { code: "CLOSED" } });
  const second = await open();
  await second.client.signal("f", "go", null);
  const flow = second.client.flow("f");
  expect(await valuesOf(flow.stream("n", { after: items[1]?.cursor }))).toEqual([3, 4]);
  expect(await valuesOf(flow.stream("n", { after: items[0]?.cursor }))).toEqual([2, 3, 4]);
  await second.close();
});

test("the items of a flow are deleted with its record, after the retention", async () => {
  const store = memory();
  const wait = fn("test/wait", (ctx) => {
    void ctx.emit("n", 1);
    return ctx.event("never");
  });
  const { engine, clock } = await start({ functions: [burst, wait], store, retention: "1m" });
  const flow = await engine.client.start(burst, 3);
  const keyed = await engine.client.start(burst, 3, { key: "k" });
  await Promise.all([flow.result(), keyed.result()]);
  const pending = await engine.client.start(wait, undefined, { key: "p" });
  await pending.stream("n").next();
  const rows = () => store.readJournal?.({ after: 0, limit: 100 }) ?? [];
  expect(new Set(rows().map(({ owner }) => owner))).toEqual(new Set([flow.id, "k", "p"]));
  await clock.advance(30_000);
  expect(rows()).toHaveLength(3);
  for (let minute = 0; minute < 10; minute++) await clock.advance(60_000);
  expect(rows().map(({ owner }) => owner)).toEqual(["p"]);
});
