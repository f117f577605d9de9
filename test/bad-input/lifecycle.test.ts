import { embedded, fn, memory, sqlite, stateful, value } from "handback";
import type { Embedded, FlowHandle, Future } from "handback";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { NODE_OPTIONS } from "../stores/support/node-options.ts";
import { temporaryDirectory } from "../stores/support/temporary-directory.ts";
import { holding } from "../support/holding.ts";
import { ROOT } from "../support/source.ts";
import { VirtualClock } from "../../src/testing/simulation/machine/virtual-clock.ts";
import {
  assertRejects,
  assertThrows,
  assertUnharmed,
  echo,
  newGate,
  openEngine,
} from "./open-engine.ts";

const counter = stateful("lifecycle/counter", {
  state: { n: value(0) },
  handlers: { add: (ctx, n: number) => (ctx.state.n += n) },
});

describe("an open store", () => {
  test("cannot be opened by a second engine of this process: STORE_LOCKED, and the first is unaffected", async () => {
    const path = join(temporaryDirectory(), "store.db");
    for (const [store, again] of [
      [sqlite(path), sqlite(path)],
      [memory(), undefined],
    ] as const) {
      const world = await openEngine([counter], { store });
      expect(
        (await assertRejects(openEngine([counter], { store: again ?? store }), "STORE_LOCKED"))
          .details["pid"],
      ).toBe(process.pid);
      expect(await world.client.call(counter.add, 1, { id: "a" })).toBe(1);
      await assertUnharmed(world);
      const next = await world.restart([counter]);
      expect(await next.client.call(counter.add, 1, { id: "a" })).toBe(2);
      await next.engine.close();
    }
  });

  test("cannot be opened by another process: STORE_LOCKED names ours, until we close it", async () => {
    const path = join(temporaryDirectory(), "store.db");
    const world = await openEngine([counter], { store: sqlite(path) });
    expect(openElsewhere(path)).toEqual({ code: "STORE_LOCKED", pid: process.pid });
    expect(await world.client.call(counter.add, 1, { id: "a" })).toBe(1);
    await world.engine.close();
    expect(openElsewhere(path)).toEqual({ code: "opened" });
  });
});

/** Tries to open a store in another process, and returns the result. */
function openElsewhere(path: string): unknown {
  const program = `
    import { embedded, sqlite } from ${JSON.stringify(join(ROOT, "src/index.ts"))};
    const opened = embedded({ functions: [], store: sqlite(process.argv[1]) });
    const said = await opened.then((engine) => engine.close().then(() => ({ code: "opened" })), ({ code, details: { pid } }) => ({ code, pid }));
    console.log(JSON.stringify(said));
  `;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [...NODE_OPTIONS, "--input-type=module", "-e", program, path],
    {
      encoding: "utf8",
      timeout: 30_000,
    },
  );
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout) as unknown;
}

describe("a store that cannot be opened", () => {
  test.each<readonly [string, (directory: string) => string]>([
    ["is a directory", (directory) => directory],
    ["lies below a file", (directory) => join(newFile(directory, "file"), "store.db")],
    ["has a name that is too long", (directory) => join(directory, "n".repeat(300))],
    [
      "has a path that is too long",
      (directory) =>
        join(directory, ...Array.from({ length: 50 }, () => "n".repeat(100)), "store.db"),
    ],
    ["lies where nobody can write", () => "/sys/handback/store.db"],
    ["is a link to itself", (directory) => newLink(directory, "loop")],
    ["is a device", () => "/dev/null"],
  ])(
    "because it %s is STORE_OPEN_FAILED with its cause: nothing is created, and memory is no fallback",
    async (_, place) => {
      const directory = temporaryDirectory();
      const path = place(directory);
      const before = readdirSync(directory);
      const error = await assertRejects(
        embedded({ functions: [echo], store: sqlite(path) }),
        "STORE_OPEN_FAILED",
      );
      expect(error.details["path"]).toBe(path);
      expect(error.cause).toBeInstanceOf(Error);
      expect(readdirSync(directory)).toEqual(before);
    },
  );

  test("because it is no store is STORE_CORRUPT, and the file is unchanged", async () => {
    const path = newFile(
      temporaryDirectory(),
      "store.db",
      "not a database, but long enough to look at".repeat(10),
    );
    await assertRejects(embedded({ functions: [echo], store: sqlite(path) }), "STORE_CORRUPT");
    await assertRejects(embedded({ functions: [echo], store: sqlite(path) }), "STORE_CORRUPT");
  });

  test("can be opened once the problem is fixed", async () => {
    const directory = join(temporaryDirectory(), "later");
    writeFileSync(directory, "in the way");
    const store = sqlite(join(directory, "store.db"));
    await assertRejects(embedded({ functions: [echo], store }), "STORE_OPEN_FAILED");
    rmSync(directory);
    await assertUnharmed(await openEngine([], { store }));
    expect(existsSync(join(directory, "store.db"))).toBe(true);
  });

  test.each(["", ":memory:", "a\0b", undefined, null, 5])(
    "because its path is %j is INVALID_OPTIONS at once",
    (path) => {
      assertThrows(() => sqlite(path as string), "INVALID_OPTIONS");
    },
  );
});

function newFile(directory: string, name: string, text = ""): string {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, name), text);
  return join(directory, name);
}

function newLink(directory: string, name: string): string {
  symlinkSync(name, join(directory, name));
  return join(directory, name);
}

describe("invalid options of an engine", () => {
  test.each([
    ["none at all", undefined],
    ["a list", []],
    ["no store", { functions: [] }],
    ["a store that is none", { functions: [], store: {} }],
    ["a path for a store", { functions: [], store: "./store.db" }],
    ["no functions", { store: memory() }],
    ["one function in place of a list", { functions: echo, store: memory() }],
    ["an unknown one", { functions: [], store: memory(), retries: 3 }],
    ["no slots", { functions: [], store: memory(), concurrency: 0 }],
    ["half a slot", { functions: [], store: memory(), concurrency: 0.5 }],
    ["a limit in text", { functions: [], store: memory(), payloadLimit: "1MB" }],
    ["no work", { functions: [], store: memory(), backlogLimit: 0 }],
    ["half a message", { functions: [], store: memory(), mailboxLimit: 1.5 }],
    ["no cache", { functions: [], store: memory(), cachedStates: 0 }],
    ["a log that is none", { functions: [], store: memory(), log: "debug" }],
    ["a clock that is none", { functions: [], store: memory(), clock: {} }],
    ["random numbers that are none", { functions: [], store: memory(), random: 4 }],
    ["egress that is none", { functions: [], store: memory(), egress: 5 }],
  ])("(%s) are INVALID_OPTIONS", async (_, options) => {
    await assertRejects(embedded(options as never), "INVALID_OPTIONS");
  });

  test("leave the store free", async () => {
    const store = memory();
    const sink = (): void => undefined;
    await assertRejects(
      embedded({ functions: [], store, egress: { "no-namespace": sink } }),
      "INVALID_NAME",
    );
    await assertRejects(
      embedded({ functions: [], store, egress: { "a/b": 5 as never } }),
      "INVALID_HANDLER",
    );
    await assertRejects(
      embedded({ functions: [echo], store, egress: { "test/echo": sink } }),
      "DUPLICATE_FUNCTION",
    );
    await assertUnharmed(await openEngine([], { store }));
  });
});

describe("stored work for an unregistered function", () => {
  const tokens: string[] = [];
  const ask = fn("lifecycle/ask", (ctx): Future<unknown> => {
    const promise = ctx.promise();
    tokens.push(promise.token);
    return promise;
  });
  const decide = fn("lifecycle/decide", (_, result: unknown) => ({ decided: result }));
  const later = fn("lifecycle/later", () => "later");
  const start = fn("lifecycle/start", (ctx): Future<unknown> =>
    ctx.onComplete(ctx.invoke(ask), decide),
  );

  test("is parked at the start, counted and logged by type, and runs once the function is registered", async () => {
    const gate = newGate();
    const slow = fn("lifecycle/slow", async (_, n: number) => {
      await gate.opened;
      return n;
    });
    const clock = new VirtualClock();
    const path = join(temporaryDirectory(), "store.db");
    const first = await openEngine([slow, counter], {
      store: holding(clock, sqlite(path)),
      clock,
      concurrency: 1,
    });
    for (const n of [1, 2, 3]) await first.client.start(slow, n, { key: `slow-${n}` });
    await first.client.start(counter.add, 5, { id: "a", key: "count" });
    const closed = first.engine.close();
    await clock.until(closed);
    gate.open();

    const second = await openEngine([], { store: holding(clock, sqlite(path)), clock });
    expect(Object.fromEntries(second.engine.unregistered)).toEqual({
      "lifecycle/slow": 3,
      "lifecycle/counter": 1,
    });
    const warnings = second.said.filter((line) => line.startsWith("warn"));
    expect(warnings).toHaveLength(2);
    expect(warnings.join()).toMatch(/3 .*lifecycle\/slow.*1 .*lifecycle\/counter/);
    expect(await second.client.call(echo, "others run")).toBe("others run");
    expect((await second.client.status("slow-1")).status).toBe("pending");
    expect(second.store.count().messages).toBe(4);

    const third = await second.restart([slow]);
    expect(
      await Promise.all([1, 2, 3].map((n) => third.client.flow(`slow-${n}`).result())),
    ).toEqual([1, 2, 3]);
    expect(Object.fromEntries(third.engine.unregistered)).toEqual({ "lifecycle/counter": 1 });

    const fourth = await third.restart([counter]);
    expect(await fourth.client.flow("count").result()).toBe(5);
    await assertUnharmed(fourth);
  });

  test("is logged as it is parked, in a bounded number of lines", async () => {
    const clock = new VirtualClock();
    const send = fn("lifecycle/send", (ctx) => {
      for (let n = 0; n < 50; n++) ctx.send(later, undefined, { delay: "1h" });
      ctx.send(later, undefined, { delay: "2h" });
    });
    const first = await openEngine([send, later], { clock });
    await first.client.call(send);
    const second = await first.restart([]);
    await clock.advance(7_200_000);
    expect(second.said).toHaveLength(21);
    expect(second.said[19]).toContain(
      "20 such messages wait; more lines like this are left out for 10 s",
    );
    expect(second.said[20]).toContain("51 such messages wait");
    expect(second.fields.at(-1)).toEqual({ type: "lifecycle/later", count: 51, leftOut: 30 });
  });

  test("is parked even if it arrives later, as a continuation or a delayed message", async () => {
    const clock = new VirtualClock();
    const send = fn("lifecycle/send", (ctx) => ctx.send(later, undefined, { delay: "1h" }));
    const first = await openEngine([start, ask, decide, send, later], { clock });
    await first.client.start(start, undefined, { key: "flow" });
    await first.client.call(send);
    await expect.poll(() => tokens.length).toBe(1);

    const second = await first.restart([]);
    expect(second.engine.unregistered.size).toBe(0);
    await second.client.settle(tokens[0] ?? "", "yes");
    await clock.advance(3_600_000);
    expect(Object.fromEntries(second.engine.unregistered)).toEqual({
      "lifecycle/decide": 1,
      "lifecycle/later": 1,
    });
    expect((await second.client.status("flow")).status).toBe("pending");
    expect(second.said).toEqual([
      "warn a message for lifecycle/decide is parked: the function is not registered; 1 such message waits",
      "warn a message for lifecycle/later is parked: the function is not registered; 1 such message waits",
    ]);
    const { nodes } = await second.client.waits("flow");
    expect(nodes.map(({ name, status }) => [name, status])).toContainEqual([
      "lifecycle/decide",
      "parked: not registered",
    ]);

    const third = await second.restart([decide, later]);
    expect(await third.client.flow("flow").result()).toEqual({ decided: "yes" });
    await clock.quiet();
    expect(third.engine.meter.function(later.type).runs).toBe(1);
    await assertUnharmed(third);
  });
});

describe("a closed engine", () => {
  const outcome = (engine: Embedded): readonly Promise<unknown>[] => {
    const { client } = engine;
    return [
      client.start(echo, 1),
      client.call(echo, 1),
      client.status("done"),
      client.flow("done").result(),
      client.flow("done").status(),
      client.signal("done", "event", 1),
      client.settle(`${"0".repeat(40)}.${"0".repeat(48)}`, 1),
      client.readState(counter, "a"),
      engine.meter.flow("done"),
    ];
  };

  test.each([
    ["memory", () => memory()],
    ["sqlite", () => sqlite(join(temporaryDirectory(), "store.db"))],
  ] as const)(
    "may be closed again, and answers everything else with CLOSED (%s)",
    async (_, newStore) => {
      const { engine } = await openEngine([counter], { store: newStore() });
      await engine.client.start(echo, 1, { key: "done" });
      await engine.client.call(counter.add, 1, { id: "a" });
      await Promise.all([engine.close(), engine.close()]);
      await engine.close();
      for (const refused of outcome(engine)) await assertRejects(refused, "CLOSED");
      assertThrows(() => engine.deadLetters(), "CLOSED");
      expect(engine.unregistered.size).toBe(0);
    },
  );

  test("has rejected all waits with CLOSED, and continues their work after the next start", async () => {
    const gate = newGate();
    const token: string[] = [];
    const parked = fn("lifecycle/parked", (ctx): Future<unknown> => {
      const promise = ctx.promise();
      token.push(promise.token);
      return promise;
    });
    const world = await openEngine([parked]);
    const handle: FlowHandle<unknown> = await world.client.start(parked, undefined, { key: "k" });
    await expect.poll(() => token.length).toBe(1);
    const results = [handle.result(), handle.result()];
    const refused = Promise.all(results.map((result) => assertRejects(result, "CLOSED")));
    const again = await world.restart([parked]);
    await refused;
    gate.open();
    await again.client.settle(token[0] ?? "", "after");
    expect(await again.client.flow("k").result()).toBe("after");
  });

  test("accepts nothing while it closes, but finishes running handlers, and keeps their effects", async () => {
    const gate = newGate();
    const slow = stateful("lifecycle/slow", {
      state: { n: value(0) },
      handlers: {
        async add(ctx): Promise<number> {
          await gate.opened;
          return ++ctx.state.n;
        },
      },
    });
    const world = await openEngine([slow]);
    await world.client.start(slow.add, undefined, { id: "a", key: "k" });
    const behind = await world.client.start(slow.add, undefined, { id: "a", key: "behind" });
    await expect.poll(() => world.store.count().messages).toBe(2);
    const closing = world.engine.close();
    await assertRejects(world.client.start(echo, 1), "CLOSED");
    gate.open();
    await closing;
    expect(behind.id).toBe("behind");
    const again = await world.restart([slow]);
    expect(await again.client.flow("k").result()).toBe(1);
    expect(await again.client.flow("behind").result()).toBe(2);
    await assertUnharmed(again);
  });

  test("waits 5 seconds at most for a running handler; that run has no effect, and is repeated", async () => {
    const clock = new VirtualClock();
    const gate = newGate();
    const runs: number[] = [];
    const stuck = stateful("lifecycle/stuck", {
      state: { n: value(0) },
      handlers: {
        async go(ctx, at: number): Promise<number> {
          runs.push(at);
          if (runs.length === 1) await gate.opened;
          ctx.send(echo, "once");
          return ++ctx.state.n;
        },
      },
    });
    const world = await openEngine([stuck], { clock });
    await world.client.start(stuck.go, 1, { id: "a", key: "k" });
    await clock.quiet();
    const before = clock.now();
    await clock.until(world.engine.close());
    expect(clock.now() - before).toBe(5000);
    gate.open();
    await clock.quiet();
    const again = await world.restart([stuck]);
    expect(await clock.until(again.client.flow("k").result())).toBe(1);
    expect(runs).toHaveLength(2);
    expect(await again.client.readState(stuck, "a")).toEqual({ n: 1 });
    await clock.quiet();
    expect(again.engine.meter.function(echo.type).runs).toBe(1);
    await assertUnharmed(again);
  });

  test("does not wait for a blocked handler, which runs again after the next start and finishes", async () => {
    const gate = newGate();
    const inner = fn("lifecycle/inner", () => gate.opened);
    const outer = fn("lifecycle/outer", async (ctx): Promise<string> => {
      await ctx.get(ctx.onComplete(ctx.sleep("1h"), inner));
      return "done";
    });
    const clock = new VirtualClock();
    const world = await openEngine([outer, inner], { clock });
    await world.client.start(outer, undefined, { key: "k" });
    await clock.quiet();
    const before = clock.now();
    const again = await world.restart([outer, inner]);
    expect(clock.now()).toBe(before);
    gate.open();
    expect(await clock.until(again.client.flow("k").result())).toBe("done");
    expect(clock.now() - before).toBe(3_600_000);
    await assertUnharmed(again);
  });

  test("closed by its own handler, which does not await the closing, keeps that handler's effects", async () => {
    const own: { engine?: Embedded } = {};
    const closer = stateful("lifecycle/closer", {
      state: { n: value(0) },
      handlers: {
        go(ctx): number {
          void own.engine?.close();
          return ++ctx.state.n;
        },
      },
    });
    const world = await openEngine([closer]);
    own.engine = world.engine;
    const handle = await world.client.start(closer.go, undefined, { id: "a", key: "k" });
    await handle.result().catch(() => undefined);
    await world.engine.close();
    const again = await openEngine([closer], { store: world.store });
    expect(await again.client.flow("k").result()).toBe(1);
    await assertUnharmed(again);
  });

  test("closed by its own handler, which awaits the closing, closes after 5 seconds, and runs that handler again after the next start", async () => {
    const clock = new VirtualClock();
    const own: { engine?: Embedded } = {};
    let runs = 0;
    const closer = fn("lifecycle/closer", async (): Promise<number> => {
      if (++runs === 1) await own.engine?.close();
      return runs;
    });
    const world = await openEngine([closer], { clock });
    own.engine = world.engine;
    const handle = await world.client.start(closer, undefined, { key: "k" });
    await assertRejects(clock.until(handle.result()), "CLOSED");
    expect(clock.now() - VirtualClock.startAt).toBe(5000);
    const again = await openEngine([closer], { store: world.store, clock });
    expect(await clock.until(again.client.flow("k").result())).toBe(2);
    await assertUnharmed(again);
  });
});
