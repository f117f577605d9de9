import { join } from "node:path";
import { fn, memory, sqlite, stateful, value } from "handback";
import type { Client } from "handback";
import { describe, expect, test } from "vitest";
import type { Batch } from "../../../src/stores/store.ts";
import { VirtualClock } from "../../../src/testing/simulation/machine/virtual-clock.ts";
import { FillableStore } from "../../durability/support/fillable-store.ts";
import { CommitGate, HeldStore } from "../../durability/support/held-store.ts";
import { start } from "../../durability/support/started-engine.ts";
import { holding } from "../../support/holding.ts";
import { temporaryDirectory } from "../../stores/support/temporary-directory.ts";

const noop = fn("test/noop", (_, n: number) => n);

/** A state that expires a minute after its last write. */
const brief = stateful("test/brief", {
  state: { n: value(0, { expireAfterWrite: "1m" }) },
  handlers: {
    add: (ctx) => ++ctx.state.n,
    block: async (ctx) => ctx.get(ctx.event<string>("go")),
  },
});

async function finishMany(client: Client, count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, (_, n) => client.start(noop, n)));
}

function erasedBy({ values }: Batch): number {
  return values.filter(({ value }) => value === undefined).length;
}

describe("expired values are deleted", () => {
  test("as fast as values expire: the store holds a few seconds' worth of work", async () => {
    const PER_SECOND = 2_000;
    const store = memory();
    const { engine, clock } = await start({ functions: [noop], store, retention: "1s" });
    const kept: number[] = [];
    for (let second = 0; second < 20; second++) {
      await finishMany(engine.client, PER_SECOND);
      await clock.advance(1_000);
      kept.push(store.count().state);
    }
    expect(Math.max(...kept)).toBeLessThanOrEqual(4 * PER_SECOND);
    await clock.advance(60_000);
    expect(store.count().state).toBe(0);
  });

  test("a bounded number per commit, and the next ones only once those are deleted", async () => {
    const erased: number[] = [];
    const gate = new CommitGate();
    const store = new HeldStore(memory(), (batch) => {
      if (erasedBy(batch) > 0) erased.push(erasedBy(batch));
      return gate.hold();
    });
    const { engine, clock } = await start({ functions: [noop], store, retention: "1s" });
    await finishMany(engine.client, 3_000);
    await clock.quiet();
    gate.shut();
    await clock.advance(60_000);
    expect(erased).toEqual([512]);
    gate.passOne();
    await clock.advance(60_000);
    expect(erased).toEqual([512, 512]);
    gate.open();
    await clock.quiet();
    expect(erased.reduce((sum, each) => sum + each)).toBe(3_000);
    expect(Math.max(...erased)).toBe(512);
    expect(store.count().state).toBe(0);
  });

  test("without being read first, unless they are in memory", async () => {
    let read = 0;
    class WatchedStore extends HeldStore {
      override readState(
        ...address: Parameters<HeldStore["readState"]>
      ): ReturnType<HeldStore["readState"]> {
        read++;
        return super.readState(...address);
      }
    }
    const store = new WatchedStore(memory(), () => Promise.resolve());
    const { engine, clock } = await start({
      functions: [noop],
      store,
      retention: "1m",
      cachedStates: 2,
    });
    await finishMany(engine.client, 1_000);
    await clock.quiet();
    read = 0;
    await clock.advance(300_000);
    expect({ left: store.count().state, read }).toEqual({ left: 0, read: 0 });
  });

  test("also where many must stay because messages wait for their addresses", async () => {
    const store = memory();
    const { engine, clock } = await start({
      functions: [brief],
      store,
      concurrency: 2_000,
      retention: "1s",
    });
    const { client } = engine;
    const ids = Array.from({ length: 1_500 }, (_, n) => `${n}`);
    for (const id of ids) await client.call(brief.add, undefined, { id });
    for (const id of ids) await client.start(brief.block, undefined, { id, key: id });
    await clock.advance(1_000);
    for (const id of ids) await client.call(brief.add, undefined, { id: `free ${id}` });
    await clock.advance(120_000);
    const rows = ids.filter(
      (id) => store.readState({ type: "test/brief", id: `free ${id}` }).length > 0,
    );
    expect(rows).toEqual([]);
    expect(store.readState({ type: "test/brief", id: "7" })).toHaveLength(1);
    for (const id of ids) await client.signal(id, "go", "on");
    await clock.advance(120_000);
    expect(store.count()).toMatchObject({ messages: 0, state: 0 });
  });

  describe.each(["at once", "when it resolves"] as const)(
    "and a write during the deletion is kept (commits are visible %s)",
    (visible) => {
      /**
       * Starts an engine with a small cache, on a store whose commits wait while the gate is shut.
       */
      async function begin() {
        const gate = new CommitGate();
        const clock = new VirtualClock();
        const content = holding(
          clock,
          sqlite(join(temporaryDirectory(), "s.db"), { durability: "relaxed" }),
        );
        const store = new HeldStore(content, gate.hold, visible);
        const functions = [brief, noop];
        const { engine } = await start(
          { functions, store, cachedStates: 1, retention: "1m" },
          clock,
        );
        expect(await engine.client.call(brief.add, undefined, { id: "x" })).toBe(1);
        await engine.client.call(noop, 1, { key: "k" });
        for (let n = 0; n < 5; n++) await engine.client.call(brief.add, undefined, { id: `${n}` });
        await clock.advance(59_000);
        const restart = async (): Promise<Client> => {
          await clock.until(engine.close());
          return (await start({ functions, store: content }, clock)).engine.client;
        };
        return { gate, content, client: engine.client, clock, restart };
      }

      test("when a handler's message becomes deliverable during the deletion", async () => {
        const { gate, content, client, clock, restart } = await begin();
        gate.shut();
        const again = client.call(brief.add, undefined, { id: "x" });
        await clock.advance(62_000);
        gate.passOne();
        await clock.quiet();
        expect(gate.waiting).toBe(1);
        gate.open();
        expect(await clock.until(again)).toBe(1);
        expect(content.readState({ type: "test/brief", id: "x" })).toHaveLength(1);
        expect(await client.call(brief.add, undefined, { id: "x" })).toBe(2);
        expect(await (await restart()).readState(brief, "x")).toEqual({ n: 2 });
      });

      test.each([
        ["after the commit that deletes", 0],
        ["in the commit that deletes", 1],
      ])("when a flow starts under the same key, %s", async (_, before) => {
        const { gate, client, clock, restart } = await begin();
        gate.shut();
        for (let n = 0; n < before; n++) void client.start(noop, n);
        await clock.advance(62_000);
        expect(gate.waiting).toBe(1);
        const again = client.start(noop, 2, { key: "k" });
        await clock.quiet();
        gate.open();
        expect(await clock.until((await again).result())).toBe(2);
        const next = await restart();
        expect(await next.flow("k").result()).toBe(2);
      });
    },
  );

  test("once the disk has space again after it was full", async () => {
    const disk = new FillableStore();
    const { engine, clock } = await start({
      functions: [noop],
      store: disk.store,
      retention: "1s",
    });
    await finishMany(engine.client, 3_000);
    await clock.quiet();
    disk.isFull = true;
    await clock.advance(120_000);
    expect(disk.content.count().state).toBe(3_000);
    disk.isFull = false;
    await clock.advance(30_000);
    expect(disk.content.count().state).toBe(0);
  });
});
