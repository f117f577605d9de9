import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { embedded, fn, HandbackError, memory, NEW_STATE, sqlite, stateful, value } from "handback";
import type { Client } from "handback";
import { describe, expect, onTestFinished, test } from "vitest";
import { NODE_OPTIONS } from "../../stores/support/node-options.ts";
import { temporaryDirectory } from "../../stores/support/temporary-directory.ts";
import { embeddedOn } from "../../../src/embedded.ts";
import { systemScheduler } from "../../../src/engines/embedded/host/system-scheduler.ts";
import { VirtualClock } from "../../../src/testing/simulation/machine/virtual-clock.ts";
import { CommitGate, HeldStore } from "../support/held-store.ts";
import { effectsOf, functions, ledger } from "../kills/kill-flows.ts";
import { deferredWork, journal, start } from "../support/started-engine.ts";

const PAYLOAD = "x".repeat(500);

const booking = stateful("test/once", {
  state: { times: value(0), payload: value("") },
  handlers: {
    book(ctx, payload: string) {
      ctx.state.payload = payload;
      return ++ctx.state.times;
    },
  },
});

/**
 * Starts so many flows at once and returns those that were acknowledged. The others must fail with
 * `CLOSED`.
 */
async function startMany(client: Client, from: number, count: number): Promise<readonly number[]> {
  const outcomes = Array.from({ length: count }, async (_, n) => {
    try {
      await client.start(booking.book, PAYLOAD, { id: `${from + n}`, key: `${from + n}` });
      return [from + n];
    } catch (error) {
      if (!HandbackError.is(error, "CLOSED")) throw error;
      return [];
    }
  });
  return (await Promise.all(outcomes)).flat();
}

describe("an engine closed under load", () => {
  test.each([
    ["in memory", () => memory()],
    ["in a file", () => sqlite(join(temporaryDirectory(), "s.db"))],
  ] as const)(
    "keeps all acknowledged work, and each effect comes once (%s)",
    async (_, newStore) => {
      const store = newStore();
      const acknowledged: number[] = [];
      const COUNT = 400;
      for (let round = 0; round < 4; round++) {
        const engine = await embedded({ functions: [booking], store });
        const before = startMany(engine.client, round * 2 * COUNT, COUNT);
        // The delay puts the commit of each round at another stage: not started, in flight, or just
        // done.
        for (let turn = 0; turn < round; turn++)
          await new Promise((resolve) => setImmediate(resolve));
        const closing = engine.close();
        const after = startMany(engine.client, (round * 2 + 1) * COUNT, COUNT);
        const again = engine.close();
        await Promise.all([closing, again]);
        expect(await after).toEqual([]);
        const started = await before;
        // Flows started before the close were accepted, and acknowledged before it ended.
        expect(started).toHaveLength(COUNT);
        acknowledged.push(...started);
        await expect(
          engine.client.start(booking.book, PAYLOAD, { id: NEW_STATE }),
        ).rejects.toMatchObject({
          code: "CLOSED",
        });
      }
      const engine = await embedded({ functions: [booking], store });
      const { client } = engine;
      for (const number of acknowledged) expect(await client.flow(`${number}`).result()).toBe(1);
      const last = acknowledged.at(-1);
      expect(await client.readState(booking, `${last}`)).toEqual({ times: 1, payload: PAYLOAD });
      await engine.close();
    },
  );

  test("waits for the commit in flight, and for the one behind it", async () => {
    const gate = new CommitGate();
    const store = new HeldStore(memory(), gate.hold);
    const clock = new VirtualClock();
    const journals = journal();
    const engine = await embedded({ functions: [journals], store, clock });
    gate.shut();
    const first = engine.client.start(journals.write, "first", { id: "x", key: "first" });
    await clock.quiet();
    const second = engine.client.start(journals.write, "second", { id: "x", key: "second" });
    let closed = 0;
    const closings = [1, 2].map(() => engine.close().then(() => closed++));
    await clock.quiet();
    expect({ closed, waiting: gate.waiting }).toEqual({ closed: 0, waiting: 1 });
    gate.passOne();
    expect((await first).id).toBe("first");
    await clock.quiet();
    expect({ closed, waiting: gate.waiting }).toEqual({ closed: 0, waiting: 1 });
    gate.open();
    await Promise.all(closings);
    expect((await second).id).toBe("second");
    const next = await start({ functions: [journals], store }, clock);
    expect(await next.engine.client.flow("second").result()).toBe(2);
  });

  test("ends though the commit in flight fails: waiting callers learn that the outcome is unknown", async () => {
    const gate = new CommitGate();
    const content = memory();
    const clock = new VirtualClock();
    const journals = journal();
    const engine = await embedded({
      functions: [journals],
      store: new HeldStore(content, gate.hold),
      clock,
    });
    gate.shut();
    const under = engine.client
      .start(journals.write, "first", { id: "x" })
      .catch((error: unknown) => error);
    await clock.quiet();
    const behind = engine.client
      .start(journals.write, "second", { id: "x" })
      .catch((error: unknown) => error);
    const closing = engine.close();
    await clock.quiet();
    gate.failOne(new Error("EIO"));
    await clock.until(closing);
    for (const outcome of [under, behind])
      expect(await outcome).toMatchObject({ code: "STORE_FAILED" });
    const next = await start({ functions: [journals], store: content }, clock);
    await next.engine.client.call(journals.write, "after", { id: "x" });
  });

  test("is idle while it waits for a handler, though messages are ready to run", async () => {
    const { work, end, started } = deferredWork();
    const slow = fn("test/slow", (_, name: string) => work(name));
    const clock = new VirtualClock();
    let steps = 0;
    const soon = (step: () => void): void => {
      steps++;
      systemScheduler.soon(step);
    };
    const machine = {
      scheduler: { ...systemScheduler, soon },
      secret: (bytes: number) => new Uint8Array(bytes),
    };
    const engine = await embeddedOn(machine, {
      functions: [slow],
      store: memory(),
      clock,
      concurrency: 2,
    });
    for (const name of ["short", "long", "ready"]) await engine.client.start(slow, name);
    await clock.quiet();
    const closing = engine.close();
    end("short");
    await clock.quiet();
    const before = steps;
    for (let turn = 0; turn < 20; turn++) await clock.quiet();
    expect(steps - before).toBeLessThan(5);
    end("long");
    await closing;
    expect(started).toEqual(["short", "long"]);
  });
});

test(
  "a process that gets SIGTERM closes and exits by itself; all its acknowledged work is kept, once",
  { timeout: 60_000 },
  async () => {
    const path = join(temporaryDirectory(), "s.db");
    const program = new URL("sigterm-child.ts", import.meta.url).pathname;
    const child = spawn(process.execPath, [...NODE_OPTIONS, program, path], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    const exit = once(child, "exit");
    let complaints = "";
    child.stderr.on("data", (text) => (complaints += String(text)));
    const heard: string[][] = [];
    for await (const line of createInterface(child.stdout))
      if (heard.push(line.split(" ")) === 200) child.kill("SIGTERM");
    expect({ exit: await exit, complaints }).toEqual({ exit: [0, null], complaints: "" });
    expect(heard.at(-1)).toEqual(["end"]);
    const told = heard.filter(([what]) => what === "told").map(([, code]) => code);
    expect(told).toEqual(told.map(() => "CLOSED"));
    expect(told).toHaveLength(13);

    const numbers = (wanted: string): readonly number[] =>
      heard.flatMap(([what, number]) => (what === wanted ? [Number(number)] : []));
    const slow = fn("term/slow", (ctx, effect: string) =>
      ctx.invoke(ledger.book, effect, { id: "slow" }),
    );
    const store = sqlite(path);
    const engine = await embedded({ functions: [...functions, slow], store });
    onTestFinished(() => engine.close());
    await expect
      .poll(() => store.count(), { timeout: 20_000 })
      .toMatchObject({ messages: 0, delayed: 0, watches: 0 });
    const shelves = [...Array.from({ length: 7 }, (_, n) => `shelf ${n}`), "slow"];
    const states = await Promise.all(
      shelves.map((id) => engine.client.readState(ledger, id).catch(() => ({ effects: {} }))),
    );
    const found = new Map(states.flatMap(({ effects }) => Object.entries<number>(effects)));
    const promised = [
      ...numbers("started").flatMap(effectsOf),
      ...numbers("slow").map((number) => `slow ${number}`),
    ];
    expect(promised.filter((effect) => found.get(effect) !== 1)).toEqual([]);
    expect([...found].filter(([, times]) => times !== 1)).toEqual([]);
  },
);
