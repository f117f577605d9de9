import { embedded, fn, HandbackError, stateful, value } from "handback";
import type { Log } from "handback";
import { describe, expect, test } from "vitest";
import { embeddedOn } from "../../../src/embedded.ts";
import { systemScheduler } from "../../../src/engines/embedded/host/system-scheduler.ts";
import { VirtualClock } from "../../../src/testing/simulation/machine/virtual-clock.ts";
import { FillableStore } from "../support/fillable-store.ts";
import { HeldStore } from "../support/held-store.ts";
import { deferredWork, journal, start } from "../support/started-engine.ts";

const REFUSED = {
  code: "STORE_FULL",
  retryable: true,
  details: { definite: true, path: "test.db" },
};
const IN_DOUBT = {
  code: "STORE_FULL",
  retryable: true,
  details: { definite: false, path: "test.db" },
};
/** Longer than the delay before a commit is tried again. */
const A_WHILE_MS = 15_000;

function listening() {
  const said: string[] = [];
  const say = (text: string): void => void said.push(text);
  const log: Log = { debug: say, info: say, warn: say, error: say };
  return { said, log };
}

describe("while the disk is full", () => {
  test("a caller that waits for an acknowledgment learns that the outcome is unknown, and the work is done once the disk has space", async () => {
    const journals = journal();
    const disk = new FillableStore();
    const { engine, clock } = await start({ functions: [journals], store: disk.store });
    disk.isFull = true;
    const caught: unknown = await engine.client
      .start(journals.write, "a", { id: "x", key: "a" })
      .catch((error: unknown) => error);
    expect(caught).toMatchObject(IN_DOUBT);
    expect((caught as Error).message).toContain("not known");
    await clock.advance(60_000);
    disk.isFull = false;
    await clock.advance(A_WHILE_MS);
    expect(await engine.client.flow("a").result()).toBe(1);
    expect(await engine.client.readState(journals, "x")).toEqual({ lines: ["a"] });
    await engine.client.start(journals.write, "a", { id: "x", key: "a" });
    expect(await engine.client.readState(journals, "x")).toEqual({ lines: ["a"] });
  });

  test("each request is refused at once and definitely", async () => {
    const journals = journal();
    const tokens: string[] = [];
    const parked = fn("test/parked", (ctx) => {
      const decision = ctx.promise<string>();
      tokens.push(decision.token);
      return ctx.all([decision, ctx.event<string>("e")]);
    });
    const disk = new FillableStore();
    const { engine, clock } = await start({ functions: [journals, parked], store: disk.store });
    const { client } = engine;
    const flow = await client.start(parked, undefined, { id: "parked" });
    await clock.quiet();
    disk.isFull = true;
    await expect(client.start(journals.write, "in doubt", { id: "x" })).rejects.toMatchObject(
      IN_DOUBT,
    );
    const requests = (): readonly Promise<unknown>[] => [
      client.start(journals.write, "no", { id: "x" }),
      client.call(journals.write, "no", { id: "x" }),
      client.signal(flow, "e", "no"),
      client.settle(tokens[0] ?? "", "no"),
      client.reject(tokens[0] ?? "", "no"),
      client.cancel(flow),
    ];
    for (const request of requests()) await expect(request).rejects.toMatchObject(REFUSED);
    disk.isFull = false;
    await clock.advance(A_WHILE_MS);
    expect(await client.readState(journals, "x")).toEqual({ lines: ["in doubt"] });
    expect((await flow.status()).status).toBe("pending");
    await client.signal(flow, "e", "yes");
    await client.settle(tokens[0] ?? "", "yes");
    expect(await flow.result()).toEqual(["yes", "yes"]);
  });

  test("reads work, and callers that wait for a result keep waiting", async () => {
    const { work, end } = deferredWork();
    const journals = journal();
    const slow = fn("test/slow", (_, name: string) => work(name));
    const disk = new FillableStore();
    const { engine, clock } = await start({ functions: [journals, slow], store: disk.store });
    const { client } = engine;
    await client.call(journals.write, "before", { id: "x", key: "over" });
    const flow = await client.start(slow, "slow", { id: "slow" });
    const result = flow.result();
    disk.isFull = true;
    await expect(client.start(journals.write, "in doubt", { id: "y" })).rejects.toMatchObject(
      IN_DOUBT,
    );
    end("slow");
    await clock.advance(120_000);
    expect((await flow.status()).status).toBe("pending");
    expect((await client.status("over")).status).toBe("completed");
    expect(await client.flow("over").result()).toBe(1);
    expect(await client.readState(journals, "x")).toEqual({ lines: ["before"] });
    await expect(client.readState(journals, "y")).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect((await engine.meter.flow("over")).final).toBe(true);
    expect(engine.deadLetters()).toEqual([]);
    disk.isFull = false;
    await clock.advance(A_WHILE_MS);
    expect(await result).toBe("slow");
  });

  test("running handlers end and their effects are kept; no handler starts before the disk has space", async () => {
    const { work, end, started } = deferredWork();
    const journals = journal();
    const slow = stateful("test/slow", {
      state: { done: value<string[]>([]) },
      handlers: {
        async work(ctx, name: string) {
          ctx.state.done.push(await work(name));
          ctx.send(journals.write, name, { id: "x" });
        },
      },
    });
    const disk = new FillableStore();
    const { engine, clock } = await start({ functions: [journals, slow], store: disk.store });
    for (const name of ["a1", "a2", "b1"])
      await engine.client.start(slow.work, name, { id: name[0] ?? "" });
    await clock.quiet();
    disk.isFull = true;
    await expect(engine.client.start(slow.work, "a3", { id: "a" })).rejects.toMatchObject(IN_DOUBT);
    for (const name of ["a1", "b1"]) end(name);
    await clock.advance(120_000);
    expect(started).toEqual(["a1", "b1"]);
    disk.isFull = false;
    await clock.advance(A_WHILE_MS);
    end("a2");
    await clock.quiet();
    end("a3");
    await clock.quiet();
    expect(started).toEqual(["a1", "b1", "a2", "a3"]);
    expect(await engine.client.readState(slow, "a")).toEqual({ done: ["a1", "a2", "a3"] });
    expect(await engine.client.readState(journals, "x")).toEqual({
      lines: ["a1", "b1", "a2", "a3"],
    });
    expect(disk.content.count()).toMatchObject({ messages: 0, delayed: 0, watches: 0 });
  });

  test("no timer fires; afterwards each fires once, and none early", async () => {
    const rung: { readonly dueAt: number; readonly at: number }[] = [];
    const clock = new VirtualClock();
    const ring = fn(
      "test/ring",
      (ctx, { args: dueAt }: { result: void; args: number }) =>
        void rung.push({ dueAt, at: ctx.now() }),
    );
    const timer = fn("test/timer", (ctx, ms: number) =>
      ctx.onComplete(ctx.sleep(ms), ring, ctx.now() + ms),
    );
    const disk = new FillableStore();
    const { engine } = await start({ functions: [ring, timer], store: disk.store }, clock);
    const delays = [1, 5_000, 29_000, 31_000, 45_000, 90_000, 3_600_000];
    for (const ms of delays) await engine.client.start(timer, ms);
    await clock.quiet();
    disk.isFull = true;
    await expect(engine.client.start(timer, 7)).rejects.toMatchObject(IN_DOUBT);
    const { backlog } = engine;
    await clock.advance(60_000);
    expect({ rung, backlog: engine.backlog }).toEqual({ rung: [], backlog });
    disk.isFull = false;
    await clock.advance(A_WHILE_MS);
    expect(rung).toHaveLength(6);
    await clock.advance(3_600_000);
    expect(rung).toHaveLength(8);
    expect(rung.filter(({ dueAt, at }) => at < dueAt)).toEqual([]);
  });

  test("the commit is tried again after 1, 2, 4 and 8 seconds, then every 10, and again from 1 the next time", async () => {
    const journals = journal();
    const disk = new FillableStore();
    const { engine, clock } = await start({ functions: [journals], store: disk.store });
    for (const round of ["first", "second"]) {
      disk.isFull = true;
      const before = disk.tries;
      await expect(engine.client.start(journals.write, round, { id: "x" })).rejects.toMatchObject(
        IN_DOUBT,
      );
      const triesAfter: number[] = [];
      for (let seconds = 1; seconds <= 40; seconds++) {
        const tries = disk.tries;
        await clock.advance(1_000);
        if (disk.tries > tries) triesAfter.push(seconds);
      }
      expect(triesAfter).toEqual([1, 3, 7, 15, 25, 35]);
      expect(disk.tries - before).toBe(7);
      disk.isFull = false;
      await clock.advance(A_WHILE_MS);
    }
    expect(await engine.client.readState(journals, "x")).toEqual({ lines: ["first", "second"] });
  });

  test("it is logged once, and once more when the disk has space again", async () => {
    const journals = journal();
    const disk = new FillableStore();
    const { said, log } = listening();
    const { engine, clock } = await start({ functions: [journals], store: disk.store, log });
    disk.isFull = true;
    await engine.client.start(journals.write, "a", { id: "x" }).catch(() => undefined);
    await engine.client.start(journals.write, "b", { id: "x" }).catch(() => undefined);
    await clock.advance(600_000);
    expect(said).toHaveLength(1);
    expect(said[0]).toContain("STORE_FULL");
    disk.isFull = false;
    await clock.advance(A_WHILE_MS);
    expect(said).toHaveLength(2);
    expect(said[1]).toContain("space again");
  });

  test("the engine is idle between two attempts, though messages are ready to run", async () => {
    const { work, end } = deferredWork();
    const slow = fn("test/slow", (_, name: string) => work(name));
    const disk = new FillableStore();
    const clock = new VirtualClock();
    let steps = 0;
    const scheduler = {
      ...systemScheduler,
      soon: (step: () => void): void => {
        steps++;
        systemScheduler.soon(step);
      },
    };
    const secret = (bytes: number): Uint8Array => new Uint8Array(bytes);
    const engine = await embeddedOn(
      { scheduler, secret },
      { functions: [slow], store: disk.store, clock, concurrency: 1 },
    );
    for (const name of ["running", "ready"]) await engine.client.start(slow, name);
    await clock.quiet();
    disk.isFull = true;
    await expect(engine.client.start(slow, "in doubt")).rejects.toMatchObject(IN_DOUBT);
    end("running");
    const before = steps;
    for (let turn = 0; turn < 50; turn++) await clock.quiet();
    expect(steps - before).toBeLessThan(10);
    disk.isFull = false;
    await clock.advance(A_WHILE_MS);
    for (const name of ["ready", "in doubt"]) {
      end(name);
      await clock.quiet();
    }
    expect(disk.content.count().messages).toBe(0);
    await clock.until(engine.close());
  });
});

describe("a commit that fails for another reason", () => {
  test("is not tried again, even after the disk was full", async () => {
    const journals = journal();
    const disk = new FillableStore();
    let broken = false;
    const store = new HeldStore(disk.store, async () => {
      if (broken) throw new HandbackError("STORE_FAILED", "the disk does not flush");
    });
    const { engine, clock } = await start({ functions: [journals], store });
    disk.isFull = true;
    await expect(engine.client.start(journals.write, "a", { id: "x" })).rejects.toMatchObject(
      IN_DOUBT,
    );
    const result = engine.client.flow("nothing").result();
    await expect(result).rejects.toMatchObject({ code: "NOT_FOUND" });
    broken = true;
    disk.isFull = false;
    await clock.advance(A_WHILE_MS);
    const { tries } = disk;
    broken = false;
    await clock.advance(600_000);
    expect(disk.tries).toBe(tries);
    await expect(engine.client.start(journals.write, "b", { id: "x" })).rejects.toMatchObject({
      code: "STORE_FAILED",
    });
  });
});

describe("closing while the disk is full", () => {
  test("ends after one more attempt: acknowledged work is kept, and nothing else", async () => {
    const { work, end } = deferredWork();
    const journals = journal();
    const slow = fn("test/slow", async (ctx, name: string) => {
      await work(name);
      return ctx.invoke(journals.write, name, { id: "x" });
    });
    const disk = new FillableStore();
    const clock = new VirtualClock();
    const { said, log } = listening();
    const engine = await embedded({ functions: [journals, slow], store: disk.store, clock, log });
    const flow = await engine.client.start(slow, "kept", { id: "kept" });
    const result = flow.result().catch((error: unknown) => error);
    await clock.quiet();
    disk.isFull = true;
    await expect(engine.client.start(slow, "lost", { id: "lost" })).rejects.toMatchObject(IN_DOUBT);
    end("kept");
    await clock.advance(60_000);
    const { tries } = disk;
    const before = clock.now();
    await clock.until(engine.close());
    expect({ tries: disk.tries - tries, ms: clock.now() - before }).toEqual({ tries: 1, ms: 0 });
    expect(await result).toMatchObject({ code: "CLOSED" });
    await expect(engine.client.start(slow, "late")).rejects.toMatchObject({ code: "CLOSED" });
    expect(said.at(-1)).toContain("closed while the disk was full");
    await engine.close();
    disk.isFull = false;
    const next = await start({ functions: [journals, slow], store: disk.store }, clock);
    await clock.quiet();
    end("kept");
    expect(await next.engine.client.flow("kept").result()).toBe(1);
    await expect(next.engine.client.status("lost")).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("writes all pending work if the disk has space by then", async () => {
    const journals = journal();
    const disk = new FillableStore();
    const clock = new VirtualClock();
    const engine = await embedded({ functions: [journals], store: disk.store, clock });
    disk.isFull = true;
    await expect(
      engine.client.start(journals.write, "a", { id: "x", key: "a" }),
    ).rejects.toMatchObject(IN_DOUBT);
    disk.isFull = false;
    await clock.until(engine.close());
    const next = await start({ functions: [journals], store: disk.store }, clock);
    expect(await clock.until(next.engine.client.flow("a").result())).toBe(1);
  });

  test("ends also when the disk becomes full during the close", async () => {
    const { work, end } = deferredWork();
    const slow = fn("test/slow", (_, name: string) => work(name));
    const disk = new FillableStore();
    const clock = new VirtualClock();
    const engine = await embedded({ functions: [slow], store: disk.store, clock });
    await engine.client.start(slow, "a", { id: "a" });
    await clock.quiet();
    const closing = engine.close();
    disk.isFull = true;
    end("a");
    await clock.until(closing);
    disk.isFull = false;
    const next = await start({ functions: [slow], store: disk.store }, clock);
    await clock.quiet();
    end("a");
    expect(await next.engine.client.flow("a").result()).toBe("a");
  });
});
