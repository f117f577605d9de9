import { fn, HandbackError, stateful, value } from "handback";
import type { Context, Future, FutureHandle, Settlement } from "handback";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { VirtualClock } from "../../src/testing/simulation/machine/virtual-clock.ts";
import {
  assertRejects,
  assertThrows,
  assertUnharmed,
  echo,
  newGate,
  openEngine,
  wrong,
} from "./open-engine.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const fail = fn("cancel/fail", (_, message: unknown): never => {
  throw new Error(String(message));
});
const sleeper = fn("cancel/sleeper", (ctx, ms: number) => ctx.sleep(ms));
const outcome = fn("cancel/outcome", (_, settlement: Settlement<unknown>) =>
  settlement.status === "fulfilled"
    ? settlement.value
    : (settlement.reason.code ?? settlement.reason.message),
);

/** Methods that take one future, and methods that take a list. */
const WITH_ONE: Readonly<Record<string, (ctx: Context, future: never) => unknown>> = {
  timeout: (ctx, future) => ctx.timeout(future, 1000),
  cancel: (ctx, future) => ctx.cancel(future),
  any: (ctx, future) => ctx.any([ctx.invoke(echo, 1), future]),
  race: (ctx, future) => ctx.race([future, ctx.invoke(echo, 1)]),
};
const WITH_MANY: Readonly<Record<string, (ctx: Context, futures: never) => unknown>> = {
  any: (ctx, futures) => ctx.any(futures),
  race: (ctx, futures) => ctx.race(futures),
};

describe("an argument of timeout, cancel, any or race", () => {
  test.each([
    ["undefined", undefined, "NOT_A_FUTURE"],
    ["null", null, "NOT_A_FUTURE"],
    ["a number", 5, "NOT_A_FUTURE"],
    ["a string", "future", "NOT_A_FUTURE"],
    ["an object", {}, "NOT_A_FUTURE"],
    ["a list", [], "NOT_A_FUTURE"],
    ["a JavaScript promise", Promise.resolve(1), "NOT_DURABLE"],
  ] as const)("that is %s is rejected, and nothing starts", async (_, given, code) => {
    const using = fn("cancel/using", (ctx, how: string): unknown => {
      ctx.send(echo, "leaves only with the rest");
      return WITH_ONE[how]?.(ctx, wrong(given));
    });
    const world = await openEngine([using]);
    for (const how of Object.keys(WITH_ONE))
      await assertRejects(world.client.call(using, how), code);
    expect(world.engine.meter.function(echo.type).runs).toBe(0);
    await assertUnharmed(world);
  });

  test("that is a handle is NOT_A_FUTURE, because a handle becomes a future with ctx.future", async () => {
    const using = fn("cancel/using", (ctx, how: string): unknown =>
      WITH_ONE[how]?.(ctx, wrong(ctx.invoke(echo, 1).handle())),
    );
    const world = await openEngine([using]);
    for (const how of Object.keys(WITH_ONE))
      await assertRejects(world.client.call(using, how), "NOT_A_FUTURE");
    await assertUnharmed(world);
  });

  test.each([undefined, null, 5, {}, "list"])(
    "that is %o in place of a list is NOT_A_FUTURE",
    async (given) => {
      const using = fn("cancel/using", (ctx, how: string): unknown =>
        WITH_MANY[how]?.(ctx, wrong(given)),
      );
      const world = await openEngine([using]);
      for (const how of Object.keys(WITH_MANY))
        await assertRejects(world.client.call(using, how), "NOT_A_FUTURE");
      await assertUnharmed(world);
    },
  );

  test("that is a future of another run is FOREIGN_FUTURE", async () => {
    const leak: { future?: Future<unknown> } = {};
    const leaky = fn("cancel/leaky", (ctx) => void (leak.future = ctx.resolved(1)));
    const using = fn("cancel/using", (ctx, how: string): unknown =>
      WITH_ONE[how]?.(ctx, wrong(leak.future)),
    );
    const world = await openEngine([leaky, using]);
    await world.client.call(leaky);
    for (const how of Object.keys(WITH_ONE))
      await assertRejects(world.client.call(using, how), "FOREIGN_FUTURE");
    await assertUnharmed(world);
  });

  test("that comes after the handler has ended is CONTEXT_CLOSED, and nothing is canceled", async () => {
    const codes: string[] = [];
    const gate = newGate();
    const detached = fn("cancel/detached", (ctx): Future<unknown> => {
      const future = ctx.invoke(echo, "fine");
      void gate.opened.then(() => {
        for (const how of Object.values(WITH_ONE))
          codes.push(assertThrows(() => how(ctx, wrong(future)), "CONTEXT_CLOSED").code);
      });
      return future;
    });
    const world = await openEngine([detached]);
    expect(await world.client.call(detached)).toBe("fine");
    gate.open();
    await expect.poll(() => codes.length).toBe(Object.keys(WITH_ONE).length);
    await assertUnharmed(world);
  });

  test("in a query is READ_ONLY", async () => {
    const asked = stateful("cancel/asked", {
      state: { n: value(0) },
      handlers: { set: (ctx, n: number) => void (ctx.state.n = n) },
      queries: {
        race: (ctx) => wrong<Context>(ctx).race([]),
        any: (ctx) => wrong<Context>(ctx).any([]),
        timeout: (ctx) => wrong<Context>(ctx).timeout(wrong(0), 1),
        cancel: (ctx) => wrong<Context>(ctx).cancel(wrong(0)),
      },
    });
    const world = await openEngine([asked]);
    for (const query of [asked.race, asked.any, asked.timeout, asked.cancel])
      await assertRejects(
        world.client.call(wrong<typeof asked.set>(query), 0, { id: "a" }),
        "READ_ONLY",
      );
    await assertUnharmed(world);
  });
});

describe("a race", () => {
  test("of none throws EMPTY_RACE at once, and `any` of none is rejected: neither hangs", async () => {
    const race = fn("cancel/race", (ctx) => {
      assertThrows(() => ctx.race([]), "EMPTY_RACE");
      return "thrown";
    });
    const any = fn("cancel/any", (ctx) => ctx.any([]));
    const world = await openEngine([race, any]);
    expect(await world.client.call(race)).toBe("thrown");
    const error = await assertRejects(world.client.call(any), "FUNCTION_FAILED");
    expect(error.failure).toMatchObject({ name: "AggregateError" });
    expect(error.cause).toBeInstanceOf(AggregateError);
    await assertUnharmed(world);
  });

  test("over one future several times runs it once, and is decided by it", async () => {
    const twin = fn("cancel/twin", (ctx) => {
      const [good, bad] = [ctx.invoke(echo, 1), ctx.invoke(fail, "no")];
      return {
        race: ctx.race([good, good]),
        any: ctx.any([bad, good, bad]),
        failed: ctx.onSettled(ctx.any([bad, bad, bad]), outcome),
        timed: ctx.timeout(ctx.timeout(good, "1h"), "1h"),
      };
    });
    const world = await openEngine([twin, fail, outcome]);
    expect(await world.client.call(twin)).toEqual({
      race: 1,
      any: 1,
      failed: "all 3 futures were rejected",
      timed: 1,
    });
    expect(world.engine.meter.function(fail.type).runs).toBe(1);
    await assertUnharmed(world);
  });

  test("that all lose with huge, odd and cyclic errors is rejected with a bounded part of them", async () => {
    const loop: { self?: unknown } = {};
    loop.self = loop;
    const reasons: readonly unknown[] = [
      undefined,
      loop,
      Object.assign(new Error("m".repeat(1e6)), { stack: "s".repeat(1e6) }),
      new AggregateError([new AggregateError([new Error("inner")], "middle")], "outer"),
    ];
    const throwing = fn("cancel/throwing", (_, index: number): never => {
      throw reasons[index % reasons.length];
    });
    const all = fn("cancel/all", (ctx) =>
      ctx.any(Array.from({ length: 100 }, (_, n) => ctx.invoke(throwing, n))),
    );
    const world = await openEngine([throwing, all]);
    const error = await assertRejects(world.client.call(all), "FUNCTION_FAILED");
    expect(error.failure).toMatchObject({ name: "AggregateError" });
    expect(JSON.stringify(error.failure).length).toBeLessThan(2_000_000);
    await assertUnharmed(world);
  });

  test("over 3,000 futures, and 500 nested timeouts, take proportional time and do not overflow the stack", async () => {
    const many = fn("cancel/many", (ctx) => {
      let deep: Future<unknown> = ctx.invoke(echo, "deep");
      for (let n = 0; n < 500; n++) deep = ctx.timeout(deep, "1h");
      return {
        wide: ctx.any(
          Array.from({ length: 3000 }, (_, n) =>
            n === 2999 ? ctx.invoke(echo, n) : ctx.promise(),
          ),
        ),
        deep,
      };
    });
    const world = await openEngine([many]);
    expect(await world.client.call(many)).toEqual({ wide: 2999, deep: "deep" });
    await assertUnharmed(world);
  });
});

describe("a timeout", () => {
  test.each([
    -1,
    "-1s",
    Number.NaN,
    Number.POSITIVE_INFINITY,
    null,
    undefined,
    "soon",
    {},
    [5],
    true,
    5n,
    new Date(0),
    8.64e15,
  ])("of %o is INVALID_DELAY, never immediate and never endless; nothing starts", async (bad) => {
    const timed = fn("cancel/timed", (ctx) => ctx.timeout(ctx.invoke(echo, 1), wrong(bad)));
    const world = await openEngine([timed]);
    const error = await assertRejects(world.client.call(timed), "INVALID_DELAY");
    expect(error.message).toContain("ctx.timeout");
    expect(world.engine.meter.function(echo.type).runs).toBe(0);
    await assertUnharmed(world);
  });

  test("of 0 has expired, unless the future is already settled", async () => {
    const clock = new VirtualClock();
    const zero = fn("cancel/zero", (ctx) => [
      ctx.timeout(ctx.resolved("settled"), 0),
      ctx.onSettled(ctx.timeout(ctx.rejected("rejected"), 0), outcome),
      ctx.onSettled(ctx.timeout(ctx.promise(), 0), outcome),
    ]);
    const world = await openEngine([zero, outcome], { clock });
    expect(await clock.until(world.client.call(zero))).toEqual(["settled", "rejected", "TIMEOUT"]);
    expect(clock.now()).toBe(VirtualClock.startAt);
    await clock.until(assertUnharmed(world));
  });

  test.each([0.25, 2 ** 31, 30 * DAY])(
    "of %d ms is never early, even over a restart, and is rounded up to the millisecond",
    async (ms) => {
      const clock = new VirtualClock();
      const timed = fn("cancel/timed", (ctx) => ctx.timeout(ctx.event("never"), ms));
      const world = await openEngine([timed], { clock, retention: "500d" });
      await clock.until(world.client.start(timed, undefined, { key: "k" }));
      const again = await clock.until(world.restart([timed]));
      await clock.advance(Math.ceil(ms) - 1);
      const handle = again.client.flow("k");
      expect((await clock.until(handle.status())).status).toBe("pending");
      await clock.advance(1);
      const error = await assertRejects(clock.until(handle.result()), "TIMEOUT");
      expect(error.retryable).toBe(true);
      expect((await clock.until(handle.status())).settledAt).toBe(
        VirtualClock.startAt + Math.ceil(ms),
      );
      await clock.until(assertUnharmed(again));
    },
  );

  test("that did not expire leaves no pending work, however long it was", async () => {
    const timed = fn("cancel/timed", (ctx) => ctx.timeout(ctx.invoke(echo, "in time"), "300d"));
    const world = await openEngine([timed]);
    expect(await world.client.call(timed)).toBe("in time");
    await assertUnharmed(world);
  });
});

describe("canceling a flow", () => {
  test.each(["", "  ", 5, null, undefined, {}, "x".repeat(257)])(
    "with id %o is INVALID_IDEMPOTENCY_KEY",
    async (id) => {
      const world = await openEngine([]);
      await assertRejects(world.client.cancel(wrong(id)), "INVALID_IDEMPOTENCY_KEY");
      await assertUnharmed(world);
    },
  );

  test("that is unknown or past its retention is NOT_FOUND, and creates none", async () => {
    const clock = new VirtualClock();
    const world = await openEngine([], { clock, retention: "1h" });
    await assertRejects(clock.until(world.client.cancel("never")), "NOT_FOUND");
    await assertRejects(clock.until(world.client.status("never")), "NOT_FOUND");
    expect(await clock.until(world.client.call(echo, 1, { id: "past" }))).toBe(1);
    await clock.advance(2 * HOUR);
    await assertRejects(clock.until(world.client.cancel("past")), "NOT_FOUND");
    await clock.until(assertUnharmed(world));
  });

  test("that has ended returns false, a second cancel returns false, and the first outcome stays over a restart", async () => {
    const world = await openEngine([sleeper, fail]);
    const { client } = world;
    const [done, failed, open] = [
      await client.start(echo, 0, { id: "done" }),
      await client.start(fail, "no", { id: "failed" }),
      await client.start(sleeper, HOUR, { id: "open" }),
    ];
    expect(await done.result()).toBe(0);
    await assertRejects(failed.result(), "FUNCTION_FAILED");
    expect(
      await Promise.all([
        client.cancel(done),
        client.cancel(failed),
        client.cancel(open),
        client.cancel(open),
      ]),
    ).toEqual([false, false, true, false]);
    const again = await world.restart([sleeper, fail]);
    expect(await again.client.cancel("open")).toBe(false);
    expect(await again.client.flow("done").result()).toBe(0);
    await assertRejects(again.client.flow("failed").result(), "FUNCTION_FAILED");
    await assertRejects(again.client.flow("open").result(), "CANCELLED");
    expect((await again.client.status("open")).status).toBe("cancelled");
    await assertUnharmed(again);
  });

  test("just as its timer fires lets exactly one of them win, and the same one after a restart", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 98, max: 102 }), fc.nat(5), async (ms, turns) => {
        const clock = new VirtualClock();
        const world = await openEngine([sleeper], { clock });
        await clock.until(world.client.start(sleeper, 100, { id: "s" }));
        const advanced = clock.advance(ms);
        for (let turn = 0; turn < turns; turn++)
          await new Promise((resolve) => setImmediate(resolve));
        const cancelled = world.client.cancel("s");
        await advanced;
        const won = await clock.until(cancelled);
        await clock.advance(1000);
        const { status } = await clock.until(world.client.status("s"));
        expect(status).toBe(won ? "cancelled" : "completed");
        const again = await clock.until(world.restart([sleeper]));
        expect((await clock.until(again.client.status("s"))).status).toBe(status);
        expect(await clock.until(again.client.cancel("s"))).toBe(false);
        await clock.until(assertUnharmed(again));
      }),
      { numRuns: 40 },
    );
  });

  test("after its engine is closed is CLOSED", async () => {
    const { client, engine } = await openEngine([sleeper]);
    const handle = await client.start(sleeper, HOUR);
    await engine.close();
    await assertRejects(client.cancel(handle), "CLOSED");
  });
});

describe("canceled work", () => {
  /** A flow that waits for a promise in a race and for another one, and reports their tokens. */
  function newAsking() {
    const tokens: string[] = [];
    const asking = fn("cancel/asking", (ctx): Future<unknown> => {
      const promises = [ctx.promise(), ctx.promise()] as const;
      tokens.push(...promises.map(({ token }) => token));
      return ctx.all([
        ctx.onComplete(promises[0], echo),
        ctx.race([ctx.onComplete(promises[1], echo), ctx.resolved(1)]),
      ]);
    });
    return { asking, tokens };
  }

  test("cannot be settled: CANCELLED, even after a restart, and its continuation does not run", async () => {
    const { asking, tokens } = newAsking();
    const world = await openEngine([asking]);
    const handle = await world.client.start(asking, undefined, { id: "a" });
    await expect.poll(() => tokens.length).toBe(2);
    const [kept = "", lost = ""] = tokens;
    await assertRejects(world.client.settle(lost, 1), "CANCELLED");
    await world.client.cancel(handle);
    for (const token of [kept, lost]) {
      await assertRejects(world.client.settle(token, 1), "CANCELLED");
      await assertRejects(world.client.reject(token, "no"), "CANCELLED");
    }
    const again = await world.restart([asking]);
    for (const token of tokens) await assertRejects(again.client.settle(token, 1), "CANCELLED");
    expect(again.engine.meter.function(echo.type).runs).toBe(0);
    await assertUnharmed(again);
  });

  test("keeps an earlier settlement: a second one is ALREADY_COMPLETED, not CANCELLED", async () => {
    const { asking, tokens } = newAsking();
    const world = await openEngine([asking]);
    const handle = await world.client.start(asking, undefined, { id: "a" });
    await expect.poll(() => tokens.length).toBe(2);
    const [kept = ""] = tokens;
    await world.client.settle(kept, 1);
    await world.client.cancel(handle);
    await world.client.settle(kept, 1);
    await assertRejects(world.client.settle(kept, 2), "ALREADY_COMPLETED");
  });

  test("accepts no events: FLOW_OVER", async () => {
    const world = await openEngine([sleeper]);
    const handle = await world.client.start(sleeper, HOUR);
    await world.client.cancel(handle);
    await assertRejects(world.client.signal(handle, "e", 1), "FLOW_OVER");
    await assertUnharmed(world);
  });

  test("through its handle is CANCELLED for all holders, and is canceled once", async () => {
    const hand = fn("cancel/hand", (ctx) => ({ handle: ctx.invoke(sleeper, HOUR).handle() }));
    const follow = fn("cancel/follow", (ctx, handle: FutureHandle<void>) => ctx.future(handle));
    const cancelIt = fn("cancel/it", (ctx, handle: FutureHandle<void>) => {
      const future = ctx.future(handle);
      ctx.cancel(future);
      ctx.cancel(future);
      return ctx.onSettled(future, outcome);
    });
    const world = await openEngine([hand, follow, cancelIt, sleeper, outcome]);
    const { handle } = await world.client.call(hand);
    const waiting = assertRejects(world.client.call(follow, handle), "CANCELLED");
    expect(await world.client.call(cancelIt, handle)).toBe("CANCELLED");
    await waiting;
    expect(await world.client.call(cancelIt, handle)).toBe("CANCELLED");
    await assertRejects(world.client.call(follow, handle), "CANCELLED");
    await assertUnharmed(world);
  });

  test("whose handler runs gets an abort signal with our reason, and leaves the engine usable", async () => {
    const gate = newGate();
    const reasons: unknown[] = [];
    const working = fn("cancel/working", async (ctx) => {
      ctx.signal.addEventListener("abort", () => reasons.push(ctx.signal.reason));
      await gate.opened;
      ctx.signal.throwIfAborted();
    });
    const world = await openEngine([working]);
    const handle = await world.client.start(working);
    await expect.poll(() => world.store.count().messages).toBe(1);
    expect(await world.client.cancel(handle)).toBe(true);
    await expect.poll(() => reasons.length).toBe(1);
    expect(HandbackError.is(reasons[0], "CANCELLED")).toBe(true);
    gate.open();
    await assertRejects(handle.result(), "CANCELLED");
    await expect.poll(() => world.store.count().messages).toBe(0);
    await assertUnharmed(world);
  });
});
