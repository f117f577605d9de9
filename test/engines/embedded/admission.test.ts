import fc from "fast-check";
import { embedded, fn, memory, NEW_STATE, stateful, value } from "handback";
import type { FlowHandle } from "handback";
import { describe, expect, test } from "vitest";
import { VirtualClock } from "../../../src/testing/simulation/machine/virtual-clock.ts";
import { makeWorkers, work } from "../../durability/support/random-work.ts";
import { deferredWork, journal, start } from "../../durability/support/started-engine.ts";

/**
 * Counts the requests refused as `OVERLOADED`, once all are settled. Any other failure fails the
 * test.
 */
async function refusals(requests: readonly Promise<unknown>[]): Promise<number> {
  const settled = await Promise.allSettled(requests);
  const reasons = settled.flatMap((each) =>
    each.status === "rejected" ? [each.reason as unknown] : [],
  );
  for (const reason of reasons)
    expect(reason).toMatchObject({ code: "OVERLOADED", retryable: true });
  return reasons.length;
}

function slowly() {
  const { work, end, started } = deferredWork();
  const slow = stateful("test/slow", {
    state: { n: value(0) },
    handlers: { work: (_, name: string) => work(name) },
  });
  return { slow, end, started };
}

describe("when the backlog is full", () => {
  test("no flow is started, and the refusal is definite; after one message is handled, another flow may start", async () => {
    const { slow, end, started } = slowly();
    const { engine, clock } = await start({ functions: [slow], backlogLimit: 3, concurrency: 1 });
    const { client } = engine;
    for (const name of ["a", "b", "c"]) await client.start(slow.work, name, { id: name });
    expect(engine.backlog).toBe(3);
    await expect(client.start(slow.work, "d", { id: "d", key: "d" })).rejects.toMatchObject({
      code: "OVERLOADED",
      retryable: true,
      details: { limit: 3, waiting: 3 },
    });
    await expect(client.call(slow.work, "d", { id: NEW_STATE })).rejects.toMatchObject({
      code: "OVERLOADED",
    });
    await expect(client.status("d")).rejects.toMatchObject({ code: "NOT_FOUND" });
    await clock.quiet();
    end("a");
    await clock.quiet();
    expect(engine.backlog).toBe(2);
    await client.start(slow.work, "d", { id: "d", key: "d" });
    for (const name of ["b", "c", "d"]) {
      end(name);
      await clock.quiet();
    }
    expect({ started, backlog: engine.backlog }).toEqual({
      started: ["a", "b", "c", "d"],
      backlog: 0,
    });
  });

  test("each address has its own limit, which does not affect other addresses", async () => {
    const { slow, end } = slowly();
    const { engine, clock } = await start({ functions: [slow], mailboxLimit: 2 });
    const { client } = engine;
    for (const name of ["a1", "a2"]) await client.start(slow.work, name, { id: "a" });
    await expect(client.start(slow.work, "a3", { id: "a" })).rejects.toMatchObject({
      code: "OVERLOADED",
      message: expect.stringContaining("test/slow[a]") as unknown,
      details: { limit: 2, waiting: 2, function: "test/slow", id: "a" },
    });
    for (const name of ["b1", "b2"]) await client.start(slow.work, name, { id: "b" });
    for (let n = 0; n < 5; n++) await client.start(slow.work, "new", { id: NEW_STATE });
    await clock.quiet();
    end("a1");
    await clock.quiet();
    await client.start(slow.work, "a3", { id: "a" });
  });

  test("the limits hold within one turn of the event loop, before any commit and during one", async () => {
    for (const bound of [{ backlogLimit: 100 }, { mailboxLimit: 100 }]) {
      const { slow } = slowly();
      const { engine, clock } = await start({ functions: [slow], ...bound });
      const flood = (): Promise<number> =>
        refusals(
          Array.from({ length: 150 }, () => engine.client.start(slow.work, "x", { id: "x" })),
        );
      const first = flood();
      const second = Promise.resolve().then(flood);
      expect((await first) + (await second)).toBe(200);
      await clock.quiet();
      expect(await flood()).toBe(150);
      expect(engine.backlog).toBe(100);
    }
  });

  test("a start under a known key attaches and adds no message; with another input it is a conflict", async () => {
    const { slow, end } = slowly();
    const { engine, clock } = await start({ functions: [slow], backlogLimit: 1 });
    await engine.client.start(slow.work, "a", { id: "a", key: "a" });
    const again = await engine.client.start(slow.work, "a", { id: "a", key: "a" });
    await expect(engine.client.start(slow.work, "b", { id: "a", key: "a" })).rejects.toMatchObject({
      code: "IDEMPOTENCY_CONFLICT",
    });
    await clock.quiet();
    end("a");
    expect(await again.result()).toBe("a");
  });

  test("requests that complete work are accepted: signals, settlements, cancellations; and so are reads", async () => {
    const { slow, end } = slowly();
    const tokens: string[] = [];
    const next = fn("test/next", (_, result: string) => result);
    const parked = fn("test/parked", (ctx) => {
      const decision = ctx.promise<string>();
      tokens.push(decision.token);
      return ctx.all([
        ctx.onComplete(decision, next),
        ctx.onComplete(ctx.event<string>("e"), next),
      ]);
    });
    const { engine, clock } = await start({ functions: [slow, parked, next], backlogLimit: 3 });
    const { client } = engine;
    const flows: FlowHandle<unknown>[] = [];
    for (let n = 0; n < 3; n++) flows.push(await client.start(parked));
    await clock.quiet();
    expect(engine.backlog).toBe(0);
    for (const name of ["a", "b", "c"])
      await client.start(slow.work, name, { id: name, key: name });
    await expect(client.start(parked)).rejects.toMatchObject({ code: "OVERLOADED" });
    for (const [n, flow] of flows.entries()) {
      await client.settle(tokens[n] ?? "", "yes");
      await client.signal(flow, "e", `${n}`);
      expect(await clock.until(flow.result())).toEqual(["yes", `${n}`]);
    }
    expect((await client.status("a")).status).toBe("pending");
    expect(await client.cancel("a")).toBe(true);
    for (const name of ["a", "b", "c"]) end(name);
    await clock.quiet();
    expect(engine.backlog).toBe(0);
  });
});

describe("accepted work is never refused", () => {
  test("handlers may send, invoke and continue without limit", async () => {
    const journals = journal();
    const wide = fn("test/wide", (ctx, width: number) => {
      for (let n = 0; n < width; n++) ctx.send(journals.write, "sent", { id: "x" });
      return ctx.all(
        Array.from({ length: width }, (_, n) =>
          ctx.invoke(journals.write, "invoked", { id: `${n % 2}` }),
        ),
      );
    });
    const { engine, clock } = await start({
      functions: [journals, wide],
      backlogLimit: 2,
      mailboxLimit: 1,
    });
    expect(await clock.until(engine.client.call(wide, 500))).toHaveLength(500);
    await clock.quiet();
    expect((await engine.client.readState(journals, "x")).lines).toHaveLength(500);
    expect(engine.backlog).toBe(0);
  });

  test("timers fire, and work that waits for a time or an outside event takes no place in the backlog", async () => {
    const journals = journal();
    const ring = fn("test/ring", (ctx, _: void) => ctx.invoke(journals.write, "rang", { id: "x" }));
    const sleeper = fn("test/sleeper", (ctx) => ctx.onComplete(ctx.sleep("1h"), ring));
    const parked = fn("test/parked", (ctx) => ctx.promise());
    const { engine, clock } = await start({
      functions: [journals, ring, sleeper, parked],
      backlogLimit: 5,
      mailboxLimit: 5,
    });
    for (let n = 0; n < 50; n++) {
      await engine.client.start(sleeper);
      await engine.client.start(parked);
      await clock.quiet();
    }
    expect(engine.backlog).toBe(0);
    await clock.advance(3_600_000);
    expect((await engine.client.readState(journals, "x")).lines).toHaveLength(50);
  });

  test("messages accepted before a restart are handled, even if they exceed the current limits", async () => {
    const { slow, end, started } = slowly();
    const clock = new VirtualClock();
    const store = memory();
    const first = await embedded({ functions: [slow], store, clock, concurrency: 1 });
    for (let n = 0; n < 10; n++) await first.client.start(slow.work, `${n}`, { id: `${n % 2}` });
    await clock.until(first.close());
    const { engine } = await start(
      { functions: [slow], store, backlogLimit: 3, mailboxLimit: 2 },
      clock,
    );
    expect(engine.backlog).toBe(10);
    await expect(engine.client.start(slow.work, "more", { id: NEW_STATE })).rejects.toMatchObject({
      code: "OVERLOADED",
      details: { waiting: 10 },
    });
    // The first message, left behind by the previous engine.
    end("0");
    for (let n = 0; n < 10; n++) {
      await clock.quiet();
      end(`${n}`);
    }
    await clock.quiet();
    expect({ handled: new Set(started).size, backlog: engine.backlog }).toEqual({
      handled: 10,
      backlog: 0,
    });
  });

  test("messages for functions that are not registered stay stored and take no place in the backlog", async () => {
    const { slow } = slowly();
    const journals = journal();
    const clock = new VirtualClock();
    const store = memory();
    const first = await embedded({ functions: [slow], store, clock, concurrency: 1 });
    for (let n = 0; n < 10; n++)
      await first.client.start(slow.work, `${n}`, { id: "x", key: `${n}` });
    await clock.until(first.close());
    const { engine } = await start({ functions: [journals], store, backlogLimit: 1 }, clock);
    expect(engine.unregistered.get("test/slow")).toBe(10);
    expect(engine.backlog).toBe(0);
    expect(await clock.until(engine.client.call(journals.write, "a", { id: "x" }))).toBe(1);
    expect(await engine.client.cancel("3")).toBe(true);
    expect({ parked: engine.unregistered.get("test/slow"), backlog: engine.backlog }).toEqual({
      parked: 9,
      backlog: 0,
    });
  });
});

test("for any work and any cancellation, the backlog counts exactly the stored messages", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(work, { minLength: 1, maxLength: 3 }),
      fc.array(fc.nat(60), { maxLength: 3 }),
      async (all, cancelAfter) => {
        const clock = new VirtualClock();
        const workers = makeWorkers(clock);
        const store = memory();
        const engine = await embedded({
          functions: workers.functions,
          store,
          clock,
          concurrency: 3,
        });
        const flows: FlowHandle<unknown>[] = [];
        for (const todo of all) flows.push(await engine.client.start(workers.start, todo));
        for (const [n, ms] of cancelAfter.entries()) {
          await clock.advance(ms);
          expect(engine.backlog).toBe(store.count().messages);
          const flow = flows[n % flows.length];
          if (flow !== undefined) await engine.client.cancel(flow);
        }
        await clock.advance(1_000);
        for (const flow of flows) await engine.client.cancel(flow);
        await clock.advance(1_000);
        expect(engine.backlog).toBe(store.count().messages);
        await clock.until(engine.close());
      },
    ),
  );
});
