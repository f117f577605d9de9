import { fn, memory, stateful, value } from "handback";
import { describe, expect, test } from "vitest";
import { UNDEFINED } from "../../../src/core/codec/encoded.ts";
import type { Envelope } from "../../../src/core/message/envelope.ts";
import { BlockedGets } from "../../../src/engines/embedded/blocking/blocked-gets.ts";
import { DeadlockSearch } from "../../../src/engines/embedded/blocking/deadlock-search.ts";
import { Mailboxes } from "../../../src/engines/embedded/mailboxes/mailboxes.ts";
import { VirtualClock } from "../../../src/testing/simulation/machine/virtual-clock.ts";
import { start } from "../../durability/support/started-engine.ts";
import { keptLog } from "../../http/kept-log.ts";

const warnings = (lines: readonly unknown[]): readonly string[] =>
  lines.map((line) => JSON.stringify(line)).filter((line) => /slots|blockedLimit/.test(line));

describe("the log says once that no handler can start", () => {
  const never = fn("blocked/never", () => Promise.withResolvers<never>().promise);
  const asks = fn("blocked/asks", async (ctx) => ctx.get(ctx.event("go")));
  const hello = fn("blocked/hello", () => "hello");

  test("because handlers that do not end hold all slots, which it counts by function", async () => {
    const [log, lines] = keptLog();
    const { engine, clock } = await start({ functions: [never, asks, hello], concurrency: 2, log });
    for (const f of [asks, never, never]) await engine.client.start(f);
    await clock.advance(30_000);
    expect(warnings(lines)).toEqual([]);
    void engine.client.start(hello);
    await clock.advance(9_000);
    expect(warnings(lines)).toEqual([]);
    await clock.advance(60_000);
    expect(warnings(lines)).toEqual([expect.stringContaining("2 of blocked/never")]);
    expect(warnings(lines)[0]).not.toContain("blocked/asks");
  });

  test("but not while slots change hands, and not because handlers are blocked", async () => {
    const [log, lines] = keptLog();
    const works = fn("blocked/works", () => clock.work(4_000));
    const functions = [works, asks, hello];
    const { engine, clock } = await start({ functions, concurrency: 2, log });
    for (let n = 0; n < 60; n++) await engine.client.start(n % 2 === 0 ? asks : works);
    const answer = engine.client.call(hello);
    await clock.advance(90_000);
    expect(await answer).toBe("hello");
    expect(warnings(lines)).toEqual([]);
  });

  test("because the limit of blocked handlers is near, and again only once few were blocked", async () => {
    const [log, lines] = keptLog();
    const { engine, clock } = await start({ functions: [asks], blockedLimit: 10, log });
    const ids = Array.from({ length: 10 }, (_, n) => `asks-${n}`);
    for (let round = 1; round <= 2; round++) {
      for (const id of ids) await engine.client.start(asks, undefined, { id });
      await clock.quiet();
      expect(warnings(lines)).toHaveLength(round);
      for (const id of ids) await engine.client.signal(id, "go");
      await clock.quiet();
      for (const id of ids) await engine.client.purge(id);
    }
  });
});

test("a handler that ends while its gets are open gives back no slot twice", async () => {
  let [working, most] = [0, 0];
  const works = fn("blocked/works", async () => {
    most = Math.max(most, ++working);
    await clock.work(10);
    working--;
  });
  const leaves = fn("blocked/leaves", { timeout: 50 }, async (ctx, how: string) => {
    const open = [ctx.get(ctx.event("never")), ctx.get(ctx.event("nor"))];
    if (how === "ends") return "left";
    return Promise.race(open);
  });
  const { engine, clock } = await start({ functions: [works, leaves], concurrency: 2 });
  for (const how of ["ends", "runs out of time", "ends"]) await engine.client.start(leaves, how);
  await clock.advance(100);
  await Promise.all([1, 2, 3, 4, 5, 6].map(() => engine.client.start(works)));
  await clock.advance(100);
  expect([most, working]).toEqual([2, 0]);
});

test("a handler abandoned while it waits for a slot to continue takes none", async () => {
  const order: string[] = [];
  const holds = fn("blocked/holds", async (_, ms: number) => {
    order.push(`holds ${ms}`);
    await clock.work(ms);
  });
  const asks = stateful("blocked/asks", {
    timeout: 50,
    state: { n: value(0) },
    handlers: {
      ask: async (ctx) => ctx.get(ctx.event("go")),
      add: (ctx) => ++ctx.state.n,
    },
  });
  const { engine, clock } = await start({ functions: [holds, asks], concurrency: 1 });
  await engine.client.start(asks.ask, undefined, { id: "a", key: "asks" });
  await clock.quiet();
  await engine.client.start(holds, 200);
  await clock.quiet();
  await engine.client.signal("asks", "go");
  await expect(clock.until(engine.client.flow("asks").result())).rejects.toMatchObject({
    code: "HANDLER_TIMEOUT",
  });
  const [added] = [
    engine.client.call(asks.add, undefined, { id: "a" }),
    engine.client.start(holds, 1),
  ];
  expect(await clock.until(added)).toBe(1);
  await clock.advance(10);
  expect(order).toEqual(["holds 200", "holds 1"]);
});

test("the search for deadlocks costs a constant for each handler that blocks", async () => {
  const clock = new VirtualClock();
  let looked = 0;
  const gets = new BlockedGets({
    leadsTo: (envelopes) => ((looked += [...envelopes].length), []),
    cache: { readControl: () => undefined },
  });
  const search = new DeadlockSearch(clock, new Mailboxes(), gets);
  const block = (count: number): number => {
    looked = 0;
    for (let n = 0; n < count; n++) {
      const id = `${gets.size}`;
      const envelope: Envelope = {
        id,
        target: { type: "test/a", id },
        name: "call",
        payload: UNDEFINED,
      };
      gets.begin({ key: id, envelope, stop: () => undefined, reject: () => undefined });
      search.afterBlocking();
      search.afterCommit();
    }
    return looked / count;
  };
  expect(block(1_000)).toBeLessThan(100);
  expect(block(10_000)).toBeLessThan(20);
  // What was put off is looked at within a second, and then nothing is looked at.
  looked = 0;
  await clock.advance(10_000);
  expect(looked).toBeLessThanOrEqual(gets.size);
  search.stop();
});

test("1,000 calls that block on one call each all succeed with the default options", async () => {
  const child = fn("blocked/child", async (_, n: number) => clock.work(10).then(() => n));
  const parent = fn("blocked/parent", async (ctx, n: number) => ctx.get(ctx.invoke(child, n)));
  const { engine, clock } = await start({ functions: [child, parent], store: memory() });
  const calls = Array.from({ length: 1_000 }, (_, n) => engine.client.call(parent, n));
  expect(await clock.until(Promise.all(calls))).toEqual(calls.map((_, n) => n));
});
