import { fn, memory, stateful, value } from "handback";
import type { Client } from "handback";
import { describe, expect, test } from "vitest";
import type { Batch } from "../../src/engines/embedded/store.ts";
import { VirtualClock } from "../../src/testing/simulation/virtual-clock.ts";
import { FillableStore } from "../durability/fillable-store.ts";
import { CommitGate, HeldStore } from "../durability/held-store.ts";
import { start } from "../durability/started-engine.ts";

const noop = fn("test/noop", (_, n: number) => n);

/** A state that is gone a minute after it was written. */
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

function erasedBy({ state }: Batch): number {
  return state.filter(({ value }) => value === undefined).length;
}

describe("what has expired is deleted", () => {
  test("as fast as it comes: what is kept stays within a few seconds' worth of work", async () => {
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

  test("a bounded number of values with each commit, and the next only when those are gone", async () => {
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

  test("without being read before, as long as nobody has it in memory", async () => {
    let read = 0;
    class WatchedStore extends HeldStore {
      override readState(...address: Parameters<HeldStore["readState"]>): ReturnType<HeldStore["readState"]> {
        read++;
        return super.readState(...address);
      }
    }
    const store = new WatchedStore(memory(), () => Promise.resolve());
    const { engine, clock } = await start({ functions: [noop], store, retention: "1m", cachedStates: 2 });
    await finishMany(engine.client, 1_000);
    await clock.quiet();
    read = 0;
    await clock.advance(300_000);
    expect({ left: store.count().state, read }).toEqual({ left: 0, read: 0 });
  });

  test("also where many must stay, since messages for them wait", async () => {
    const store = memory();
    const { engine, clock } = await start({ functions: [brief], store, concurrency: 2_000, retention: "1s" });
    const { client } = engine;
    const ids = Array.from({ length: 1_500 }, (_, n) => `${n}`);
    for (const id of ids) await client.call(brief.add, undefined, { id });
    for (const id of ids) await client.start(brief.block, undefined, { id, key: id });
    await clock.advance(1_000);
    for (const id of ids) await client.call(brief.add, undefined, { id: `free ${id}` });
    await clock.advance(120_000);
    const rows = ids.filter((id) => store.readState({ type: "test/brief", id: `free ${id}` }).length > 0);
    expect(rows).toEqual([]);
    expect(store.readState({ type: "test/brief", id: "7" })).toHaveLength(1);
    for (const id of ids) await client.signal(id, "go", "on");
    await clock.advance(120_000);
    expect(store.count()).toMatchObject({ messages: 0, state: 0 });
  });

  test.each(["at once", "when it resolves"] as const)(
    "and whoever writes it anew meanwhile keeps what it wrote (commits are seen %s)",
    async (visible) => {
      for (const commitsLater of [0, 1]) {
        const clock = new VirtualClock();
        const gate = new CommitGate();
        const content = memory();
        const store = new HeldStore(content, gate.hold, visible);
        const { engine } = await start({ functions: [brief, noop], store, cachedStates: 1, retention: "1s" }, clock);
        const { client } = engine;
        expect(await client.call(brief.add, undefined, { id: "x" })).toBe(1);
        for (let n = 0; n < 5; n++) await client.call(noop, n);
        await clock.advance(59_000);
        gate.shut();
        await clock.advance(62_000);
        // The deletion is on its way to the disk, or is still to go there behind another commit.
        expect(gate.waiting).toBe(1);
        const again = client.call(brief.add, undefined, { id: "x" });
        await clock.quiet();
        for (let n = 0; n < commitsLater; n++) gate.passOne();
        await clock.quiet();
        gate.open();
        expect(await clock.until(again)).toBe(1);
        expect(await client.readState(brief, "x")).toEqual({ n: 1 });
        expect(content.readState({ type: "test/brief", id: "x" })).toHaveLength(1);
        expect(await client.call(brief.add, undefined, { id: "x" })).toBe(2);
        await clock.until(engine.close());
        const next = await start({ functions: [brief, noop], store: content }, clock);
        expect(await next.engine.client.readState(brief, "x")).toEqual({ n: 2 });
      }
    },
  );

  test("once there is room, if the disk was full meanwhile", async () => {
    const disk = new FillableStore();
    const { engine, clock } = await start({ functions: [noop], store: disk.store, retention: "1s" });
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
