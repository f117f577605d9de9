import { embedded, fn, memory, stateful, value } from "handback";
import { describe, expect, test } from "vitest";
import { VirtualClock } from "../../../src/testing/simulation/machine/virtual-clock.ts";
import { Machine } from "../support/machine.ts";
import { deferredWork, journal, start } from "../support/started-engine.ts";

describe("closing", () => {
  test("waits for running handlers, commits their effects, and leaves the messages behind them for the next start", async () => {
    const { work, end, started } = deferredWork();
    const clock = new VirtualClock();
    const store = memory();
    const worker = stateful("test/worker", {
      state: { done: value<string[]>([]) },
      handlers: {
        async work(ctx, name: string) {
          await work(name);
          ctx.state.done.push(name);
        },
      },
    });
    const engine = await embedded({ functions: [worker], store, clock });
    const first = await engine.client.start(worker.work, "first", { id: "x", key: "first" });
    await engine.client.start(worker.work, "second", { id: "x", key: "second" });
    const result = first.result();
    let closed = false;
    const closing = engine.close().then(() => (closed = true));
    await clock.quiet();
    expect(closed).toBe(false);
    await expect(engine.client.call(worker.work, "late", { id: "x" })).rejects.toMatchObject({
      code: "CLOSED",
    });
    end("first");
    await closing;
    expect(await result).toBeUndefined();
    expect(started).toEqual(["first"]);
    const next = await start({ functions: [worker], store }, clock);
    await clock.quiet();
    end("second");
    await next.engine.client.flow("second").result();
    expect(await next.engine.client.readState(worker, "x")).toEqual({ done: ["first", "second"] });
  });

  test("leaves ten thousand messages for the next start, which handles them in order", async () => {
    const clock = new VirtualClock();
    const store = memory();
    const line = stateful("test/line", {
      state: { last: value(-1), gaps: value(0) },
      handlers: {
        take(ctx, n: number) {
          if (n !== ctx.state.last + 1) ctx.state.gaps++;
          ctx.state.last = n;
        },
      },
    });
    const flood = fn("test/flood", (ctx, count: number) => {
      for (let n = 0; n < count; n++) ctx.send(line.take, n, { id: "x" });
    });
    const engine = await embedded({ functions: [line, flood], store, clock });
    await engine.client.call(flood, 10_000);
    const { messages } = store.count();
    await engine.close();
    expect(messages).toBe(10_000);
    const next = await start({ functions: [line, flood], store }, clock);
    await clock.quiet();
    expect(await next.engine.client.readState(line, "x")).toEqual({ last: 9_999, gaps: 0 });
  });

  test("waits five seconds at most; a handler still running then has no effect and runs again at the next start", async () => {
    const { work, end, started } = deferredWork();
    const clock = new VirtualClock();
    const store = memory();
    const journals = journal();
    const slow = fn("test/slow", async (ctx, name: string) => {
      await work(name);
      return ctx.invoke(journals.write, name, { id: "x" });
    });
    const engine = await embedded({ functions: [journals, slow], store, clock });
    const flow = await engine.client.start(slow, "a", { id: "a" });
    const outcome = flow.result().catch((error: unknown) => error);
    await clock.quiet();
    const closing = engine.close();
    await clock.advance(4_999);
    let closed = false;
    void closing.then(() => (closed = true));
    await clock.quiet();
    expect(closed).toBe(false);
    await clock.advance(1);
    await closing;
    expect(await outcome).toMatchObject({ code: "CLOSED" });
    const next = await start({ functions: [journals, slow], store }, clock);
    await clock.quiet();
    end("a");
    await clock.quiet();
    end("a");
    expect(await next.engine.client.flow("a").result()).toBe(1);
    expect(started).toEqual(["a", "a"]);
  });

  test("takes no time when all flows are parked", async () => {
    const clock = new VirtualClock();
    const parked = fn("test/parked", (ctx) =>
      ctx.all([ctx.sleep("1h"), ctx.promise(), ctx.event("e")]),
    );
    const engine = await embedded({ functions: [parked], store: memory(), clock });
    for (let n = 0; n < 100; n++) await engine.client.start(parked);
    await clock.quiet();
    const before = clock.now();
    await engine.close();
    expect(clock.now()).toBe(before);
    await expect(engine.client.start(parked)).rejects.toMatchObject({ code: "CLOSED" });
    await engine.close();
  });

  test("does not wait for a blocked handler, which runs again at the next start", async () => {
    const clock = new VirtualClock();
    const store = memory();
    let runs = 0;
    const naive = fn("test/naive", async (ctx) => {
      runs++;
      return ctx.get(ctx.event<string>("go"));
    });
    const engine = await embedded({ functions: [naive], store, clock });
    await engine.client.start(naive, undefined, { id: "n" });
    await clock.quiet();
    const before = clock.now();
    await engine.close();
    expect(clock.now()).toBe(before);
    const next = await start({ functions: [naive], store }, clock);
    await next.engine.client.signal("n", "go", "went");
    expect(await clock.until(next.engine.client.flow("n").result())).toBe("went");
    expect(runs).toBe(2);
  });

  test("waits for a running handler on probation, not for those that wait for their turn to continue", async () => {
    let life = 1;
    const told: unknown[] = [];
    const ended: { readonly name: string; readonly life: number }[] = [];
    const work = fn("test/work", async (ctx, name: string) => {
      const run = { name, life };
      await ctx.get(ctx.sleep(10)).catch((error: unknown) => {
        told.push(error);
        throw error;
      });
      await machine.clock.work(300);
      ended.push(run);
    });
    const endedIn = (which: number) =>
      ended.flatMap((run) => (run.life === which ? [run.name] : []));
    const machine: Machine = new Machine({ functions: [work] });
    const names = ["a", "b", "c"];
    const first = await machine.boot();
    for (const name of names) await first.client.start(work, name, { id: name });
    // At the second crash all of them are running, so all go on probation.
    for (life of [2, 3]) {
      await machine.cut();
      await machine.boot();
      await machine.clock.advance(100);
    }
    await machine.clock.advance(1_000);
    const before = machine.clock.now();
    await machine.clock.until(machine.engine.close());
    expect([machine.clock.now() - before < 300, endedIn(3)]).toEqual([true, ["a"]]);
    expect(told).toEqual([
      expect.objectContaining({ code: "CLOSED" }),
      expect.objectContaining({ code: "CLOSED" }),
    ]);
    life = 4;
    const { client } = await machine.boot();
    await machine.clock.until(Promise.all(names.map((name) => client.flow(name).result())));
    expect(endedIn(4).toSorted()).toEqual(["b", "c"]);
    await machine.clock.until(machine.engine.close());
  });

  test("waits for one running handler though another one has ended with unfinished gets", async () => {
    const { work, end } = deferredWork();
    const clock = new VirtualClock();
    const journals = journal();
    const racer = fn("test/racer", async (ctx) =>
      Promise.race([ctx.get(ctx.sleep(10)), ctx.get(ctx.event("never"))]),
    );
    const slow = fn("test/slow", async (ctx, name: string) => {
      await work(name);
      ctx.send(journals.write, name, { id: "x" });
    });
    const store = memory();
    const engine = await embedded({ functions: [journals, racer, slow], store, clock });
    await clock.until(engine.client.call(racer));
    await engine.client.start(slow, "a");
    await clock.quiet();
    const closing = engine.close();
    await clock.quiet();
    end("a");
    await closing;
    const next = await start({ functions: [journals, racer, slow], store }, clock);
    await clock.quiet();
    expect(await next.engine.client.readState(journals, "x")).toEqual({ lines: ["a"] });
  });
});
