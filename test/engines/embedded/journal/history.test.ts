import { join } from "node:path";
import { embedded, fn, memory, sqlite } from "handback";
import type { Future, HistoryEntry } from "handback";
import { expect, test } from "vitest";
import { readAll as read } from "../../../support/read-all.ts";
import { start } from "../../../durability/support/started-engine.ts";
import { temporaryDirectory } from "../../../stores/support/temporary-directory.ts";

const fine = fn("test/fine", (_, n: number) => n);
const loop = fn("test/loop", (ctx, left: number): Future<number> | number =>
  left === 0 ? 0 : ctx.invoke(loop, left - 1),
);

test("an engine without history writes none, and says how to turn it on", async () => {
  const store = memory();
  const { engine } = await start({ functions: [fine], store });
  await engine.client.call(fine, 1, { key: "f" });
  expect(store.readJournal?.({ after: 0, limit: 10 })).toEqual([]);
  for (const reading of [
    () => engine.client.history("f"),
    () => engine.client.events(),
    () => engine.client.flow("f").changes(),
  ])
    expect(reading).toThrow(/history: true/);
});

type Kept = boolean | { readonly detail: "lifecycle" | "everything" };

test.each<[own: Kept, engines: Kept, told: string]>([
  [false, true, ""],
  [{ detail: "lifecycle" }, true, "started completed"],
  [true, false, "started ran completed"],
  [{ detail: "everything" }, { detail: "lifecycle" }, "started ran completed"],
])("a function with history %j on an engine with %j tells: %s", async (own, engines, told) => {
  const f = fn("test/told", { history: own }, () => 1);
  const { engine } = await start({ functions: [f, fine], store: memory(), history: engines });
  await engine.client.call(f, undefined, { key: "f" });
  const types = (await read(engine.client.history("f"))).map(({ type }) => type);
  expect(types.join(" ")).toBe(told);
});

test("a function that is registered later turns its history on", async () => {
  const { engine } = await start({ functions: [fine], store: memory() });
  expect(() => engine.client.events()).toThrow(/history: true/);
  const late = fn("test/late", { history: true }, () => 1);
  await engine.register(late);
  await engine.client.call(late, undefined, { key: "l" });
  await engine.client.call(fine, 1, { key: "f" });
  expect(await read(engine.client.history("l"))).toHaveLength(3);
  expect(await read(engine.client.history("f"))).toEqual([]);
});

test("a history over its limit loses its oldest entries, and tells how many", async () => {
  const store = memory();
  const history = { limit: 100 };
  const { engine } = await start({ functions: [loop, fine], store, history });
  const flow = await engine.client.start(loop, 400, { key: "f" });
  const followed = await read(flow.changes());
  await engine.client.call(fine, 1);
  const all = await read(engine.client.history("f"));
  expect(all.length).toBeLessThanOrEqual(115);
  expect(all.map(({ type }) => type).slice(0, 2)).toEqual(["started", "gap"]);
  expect(all.at(-1)?.type).toBe("completed");
  const weightOf = (entry: HistoryEntry): number => (entry.type === "gap" ? entry.missing : 1);
  const told = (entries: readonly HistoryEntry[]): number =>
    entries.reduce((sum, entry) => sum + weightOf(entry), 0);
  // The start, 401 runs, 400 calls, and the end.
  expect(told(all)).toBe(803);
  expect(told(followed)).toBeGreaterThanOrEqual(803);
  const [, gap] = all;
  const inside = followed.find(({ type }) => type === "called");
  const rest = await read(engine.client.history("f", { after: inside?.cursor }));
  expect(rest[0]).toEqual(gap);
});

test("a purged flow leaves no history, also when it has just ended", async () => {
  const store = memory();
  const held = fn("test/held", (ctx) => ctx.event("go"));
  const { engine } = await start({ functions: [fine, held], store, history: true });
  await engine.client.call(fine, 1, { key: "f" });
  await engine.client.purge("f");
  // In one batch: the flow ends, and is purged.
  await engine.client.start(held, undefined, { key: "h" });
  await Promise.all([engine.client.cancel("h"), engine.client.purge("h")]);
  const ended = await engine.client.start(fine, 1, { key: "g" });
  await ended.result();
  await engine.client.purge(ended);
  expect(store.readJournal?.({ after: 0, limit: 10 })).toEqual([]);
});

test("a call that leaves while its handler is blocked is told once", async () => {
  const asks = fn("test/asks", async (ctx) => ctx.get(ctx.invoke(fine, 1)));
  const { engine } = await start({ functions: [fine, asks], store: memory(), history: true });
  await engine.client.call(asks, undefined, { key: "f" });
  const types = (await read(engine.client.history("f"))).map(({ type }) => type);
  expect(types).toEqual(["started", "called", "ran", "ran", "completed"]);
});

test("readers on SQLite go on after a restart with their cursors", async () => {
  const path = join(temporaryDirectory(), "history.db");
  const held = fn("test/held", (ctx) => ctx.event("go"));
  const open = () => embedded({ functions: [held], store: sqlite(path), history: true });
  const first = await open();
  const flow = await first.client.start(held, undefined, { key: "f" });
  const events = first.client.events();
  const { value: started } = await events.next();
  const { value: entry } = await flow.changes().next();
  const [waiting] = await Promise.allSettled([events.next(), first.close()]);
  expect(waiting).toMatchObject({ status: "rejected", reason: { code: "CLOSED" } });
  const second = await open();
  const next = second.client.events({ after: started?.cursor }).next();
  await second.client.signal("f", "go", null);
  expect((await next).value).toMatchObject({ flow: "f", type: "completed" });
  const rest = await read(second.client.flow("f").changes({ after: entry?.cursor }));
  expect(rest.map(({ type }) => type)).toEqual(["ran", "eventReceived", "completed"]);
  await second.close();
});

test("a run tells when it was queued, began and ended, and how", async () => {
  const slow = fn("test/slow", { retry: { maxAttempts: 2, initialDelay: "1m" } }, async (ctx) => {
    if (ctx.attempt === 1) throw new Error("once");
    return 1;
  });
  const { engine, clock } = await start({ functions: [slow], store: memory(), history: true });
  const flow = await engine.client.start(slow, undefined, { key: "f" });
  const began = clock.now();
  const ending = flow.result();
  await clock.advance(60_000);
  await ending;
  const runs = (await read(engine.client.history(flow))).filter(({ type }) => type === "ran");
  const at = { function: "test/slow", billedNs: 0, blockedNs: 0 };
  expect(runs).toMatchObject([
    { ...at, attempt: 1, queuedAt: began, beganAt: began, endedAt: began, outcome: "retries" },
    { ...at, attempt: 2, beganAt: began + 60_000, outcome: "returned", code: undefined },
  ]);
  expect(runs[0]).toMatchObject({ code: "FUNCTION_FAILED" });
});
