import { fn, FutureHandle, HandbackError, memory, stateful, value } from "handback";
import type { Context, Failure, Future } from "handback";
import { describe, expect, test } from "vitest";
import { VirtualClock } from "../../src/testing/simulation/machine/virtual-clock.ts";
import { assertRejects, assertUnharmed, echo, newGate, openEngine, wrong } from "./open-engine.ts";

const fail = fn("futures/fail", (_, message: unknown): never => {
  throw new Error(String(message));
});

/** Hands back a promise, and reports its token. */
function newAsk(): { readonly ask: typeof ask; readonly tokenOf: () => Promise<string> } {
  const tokens: string[] = [];
  const ask = fn("futures/ask", (ctx): Future<unknown> => {
    const promise = ctx.promise();
    tokens.push(promise.token);
    return promise;
  });
  const tokenOf = async (): Promise<string> => {
    await expect.poll(() => tokens.length).toBeGreaterThan(0);
    return tokens.shift() ?? "";
  };
  return { ask, tokenOf };
}

describe("settling a promise", () => {
  test("twice with the same outcome succeeds once, without an error", async () => {
    const { ask, tokenOf } = newAsk();
    const world = await openEngine([ask]);
    const handle = await world.client.start(ask);
    const token = await tokenOf();
    await world.client.settle(token, { n: 1 });
    await world.client.settle(token, { n: 1 });
    expect(await handle.result()).toEqual({ n: 1 });
    await world.client.settle(token, { n: 1 });
    await assertUnharmed(world);
  });

  test("with another outcome is ALREADY_COMPLETED with the first outcome, which stays", async () => {
    const { ask, tokenOf } = newAsk();
    const world = await openEngine([ask]);
    const { client } = world;
    const [first, second] = [await client.start(ask), await client.start(ask)];
    const [one, other] = [await tokenOf(), await tokenOf()];
    await client.settle(one, 1);
    await client.reject(other, new Error("no"));
    await client.reject(other, new Error("no"));
    for (const again of [client.settle(one, 2), client.reject(one, "no")]) {
      expect((await assertRejects(again, "ALREADY_COMPLETED")).details).toMatchObject({
        outcome: "fulfilled",
        text: "1",
      });
    }
    for (const again of [client.settle(other, 1), client.reject(other, "another reason")]) {
      expect((await assertRejects(again, "ALREADY_COMPLETED")).details).toMatchObject({
        outcome: "rejected",
      });
    }
    expect(await first.result()).toBe(1);
    await assertRejects(second.result(), "FUNCTION_FAILED");
    await assertUnharmed(world);
  });

  test("twice at once lets one win and tells the other; a restart does not change that", async () => {
    const { ask, tokenOf } = newAsk();
    const world = await openEngine([ask]);
    await world.client.start(ask, undefined, { key: "race" });
    const token = await tokenOf();
    const [won, lost] = await Promise.allSettled([
      world.client.settle(token, "yes"),
      world.client.reject(token, "no"),
    ]);
    expect(won.status).toBe("fulfilled");
    expect(lost).toMatchObject({
      status: "rejected",
      reason: { code: "ALREADY_COMPLETED", details: { outcome: "fulfilled" } },
    });
    const again = await world.restart([ask]);
    await assertRejects(again.client.reject(token, "no"), "ALREADY_COMPLETED");
    expect(await again.client.flow("race").result()).toBe("yes");
  });

  test("with another promise's secret, or a changed one, is NOT_FOUND, and it stays pending", async () => {
    const { ask, tokenOf } = newAsk();
    const { client } = await openEngine([ask]);
    const handle = await client.start(ask);
    await client.start(ask);
    const [one, other] = [await tokenOf(), await tokenOf()];
    const mixed = `${one.slice(0, 41)}${other.slice(41)}`;
    const changed = `${one.slice(0, -1)}${one.endsWith("0") ? "1" : "0"}`;
    for (const token of [mixed, changed]) await assertRejects(client.settle(token, 1), "NOT_FOUND");
    await assertRejects(client.settle(one.slice(0, -1), 1), "INVALID_ID");
    expect((await handle.status()).status).toBe("pending");
  });

  test("with a value that cannot be stored leaves it pending", async () => {
    const { ask, tokenOf } = newAsk();
    const { client } = await openEngine([ask], { payloadLimit: 100 });
    const handle = await client.start(ask);
    const token = await tokenOf();
    await assertRejects(
      client.settle(token, () => 1),
      "UNSERIALIZABLE",
    );
    await assertRejects(client.settle(token, "x".repeat(100)), "PAYLOAD_TOO_LARGE");
    expect((await handle.status()).status).toBe("pending");
    await client.settle(token, 1);
    expect(await handle.result()).toBe(1);
  });

  test("after its retention is NOT_FOUND, not CANCELLED or EXPIRED, and its continuation does not run again", async () => {
    const clock = new VirtualClock();
    const { ask, tokenOf } = newAsk();
    const after = fn("futures/after", (ctx) => ctx.onComplete(ctx.invoke(ask), echo));
    const { client, engine } = await openEngine([ask, after], { clock, retention: "1h" });
    const handle = await client.start(after);
    const token = await clock.until(tokenOf());
    await client.settle(token, 1);
    expect(await clock.until(handle.result())).toBe(1);
    await clock.advance(2 * 3_600_000);
    await assertRejects(clock.until(client.settle(token, 1)), "NOT_FOUND");
    await assertRejects(clock.until(client.settle(token, 2)), "NOT_FOUND");
    expect(engine.meter.function(echo.type).runs).toBe(1);
  });

  test("is possible after the retention time if it is still pending", async () => {
    const clock = new VirtualClock();
    const { ask, tokenOf } = newAsk();
    const { client } = await openEngine([ask], { clock, retention: "1h" });
    const handle = await client.start(ask);
    const token = await clock.until(tokenOf());
    await clock.advance(30 * 86_400_000);
    const status = await handle.status();
    expect(status).toMatchObject({ status: "pending", startedAt: VirtualClock.startAt });
    await client.settle(token, "late");
    expect(await clock.until(handle.result())).toBe("late");
  });
});

describe("a handle", () => {
  const hand = fn("futures/hand", (ctx, n: number) => ({ handle: ctx.invoke(echo, n).handle() }));
  const take = fn(
    "futures/take",
    (ctx, { handle }: { handle: FutureHandle<unknown> }): Future<unknown> => ctx.future(handle),
  );

  test("of a settled future gives its value to all who ask, and runs a continuation once", async () => {
    const twice = fn(
      "futures/twice",
      (ctx, { handle }: { handle: FutureHandle<unknown> }): unknown => {
        const [one, other] = [ctx.future(handle), ctx.future(handle)];
        return { all: ctx.all([one, one, other]), next: ctx.onComplete(one, count) };
      },
    );
    let counted = 0;
    const count = fn("futures/count", (_, input: unknown) => [input, ++counted]);
    const world = await openEngine([hand, take, twice, count]);
    const { client } = world;
    const given = await client.call(hand, 7);
    await expect.poll(() => world.engine.meter.function(echo.type).runs).toBe(1);
    expect(await Promise.all(Array.from({ length: 10 }, () => client.call(take, given)))).toEqual(
      Array.from({ length: 10 }, () => 7),
    );
    expect(await client.call(twice, given)).toEqual({ all: [7, 7, 7], next: [7, 1] });
    await assertUnharmed(world);
  });

  test("of a future that settles later gives its value once to all who waited", async () => {
    const { ask, tokenOf } = newAsk();
    const handOver = fn("futures/handOver", (ctx) => ({ handle: ctx.invoke(ask).handle() }));
    const world = await openEngine([ask, handOver, take]);
    const { client } = world;
    const given = await client.call(handOver);
    const waiting = await Promise.all(Array.from({ length: 100 }, () => client.start(take, given)));
    await client.settle(await tokenOf(), "now");
    expect(new Set(await Promise.all(waiting.map((handle) => handle.result())))).toEqual(
      new Set(["now"]),
    );
    await assertUnharmed(world);
  });

  test("past its retention is EXPIRED", async () => {
    const clock = new VirtualClock();
    const { client } = await openEngine([hand, take], { clock, retention: "1h" });
    const given = await clock.until(client.call(hand, 7));
    expect(await clock.until(client.call(take, given))).toBe(7);
    await clock.advance(2 * 3_600_000);
    await assertRejects(clock.until(client.call(take, given)), "EXPIRED");
  });

  test("of another store is FOREIGN_HANDLE", async () => {
    const [one, other] = [
      await openEngine([hand, take]),
      await openEngine([hand, take], { store: memory() }),
    ];
    const given = await one.client.call(hand, 7);
    const error = await assertRejects(other.client.call(take, given), "FOREIGN_HANDLE");
    expect(error.details).toEqual({ id: given.handle.id, storeId: given.handle.storeId });
    await assertUnharmed(other);
  });

  test.each([
    undefined,
    null,
    5,
    "handle",
    {},
    { id: "0".repeat(40), storeId: "r", retainUntil: 1 },
  ])("cannot be %o: INVALID_ID", async (given) => {
    const takeAny = fn("futures/takeAny", (ctx, handle: unknown) => ctx.future(wrong(handle)));
    const world = await openEngine([takeAny]);
    await assertRejects(world.client.call(takeAny, given), "INVALID_ID");
    await assertUnharmed(world);
  });

  test.each([
    { id: "../x" },
    { id: wrong<string>(5) },
    { retainUntil: Number.NaN },
    { retainUntil: Number.POSITIVE_INFINITY },
  ])("that was made by hand, with an error (%o), is INVALID_ID", async (parts) => {
    const forge = fn("futures/forge", (ctx): Future<unknown> => {
      const { id, storeId, retainUntil } = ctx.resolved(1).handle();
      return ctx.future(new FutureHandle({ id, storeId, retainUntil, ...parts }));
    });
    const world = await openEngine([forge]);
    await assertRejects(world.client.call(forge), "INVALID_ID");
    await assertUnharmed(world);
  });
});

describe("a get that can never end", () => {
  /** Blocks on the next one in line, which does the same. */
  const ring = stateful("futures/ring", {
    state: { visits: value(0) },
    handlers: {
      async step(ctx, [next, ...rest]: readonly string[]): Promise<string> {
        if (next === undefined) return "end";
        return ctx.get(ctx.invoke(ring.step, rest, { id: next }));
      },
      visit: (ctx) => ++ctx.state.visits,
      sendToSelf(ctx) {
        ctx.send(ring.visit, undefined, { id: ctx.self.id });
      },
      async sendAndGet(ctx) {
        ctx.send(ring.visit, undefined, { id: ctx.self.id });
        return ctx.get(ctx.invoke(echo, "other work"));
      },
    },
  });

  test("because it calls its own address is REENTRANT_CALL at once, and the address continues", async () => {
    const world = await openEngine([ring]);
    const error = await assertRejects(
      world.client.call(ring.step, ["a"], { id: "a" }),
      "REENTRANT_CALL",
    );
    expect(error.details["cycle"]).toEqual(["futures/ring[a]"]);
    expect(await world.client.call(ring.visit, undefined, { id: "a" })).toBe(1);
    await assertUnharmed(world);
  });

  test("is not one that sends to its own address, even if it blocks on something else", async () => {
    const world = await openEngine([ring]);
    await world.client.call(ring.sendToSelf, undefined, { id: "a" });
    expect(await world.client.call(ring.sendAndGet, undefined, { id: "a" })).toBe("other work");
    expect(await world.client.call(ring.visit, undefined, { id: "a" })).toBe(3);
    await assertUnharmed(world);
  });

  test.each([
    [2, ["b", "a"]],
    [3, ["b", "c", "a"]],
    [7, ["b", "c", "d", "e", "f", "g", "a"]],
  ])(
    "because %d wait for each other in a cycle is a DEADLOCK that names the cycle, and all addresses continue",
    async (length, path) => {
      const world = await openEngine([ring]);
      const error = await assertRejects(
        world.client.call(ring.step, path, { id: "a" }),
        "DEADLOCK",
      );
      const cycle = path.map((id) => `futures/ring[${id}]`);
      expect(new Set(error.details["cycle"] as readonly string[])).toEqual(new Set(cycle));
      expect(cycle).toHaveLength(length);
      for (const id of path) expect(await world.client.call(ring.step, [], { id })).toBe("end");
      await assertUnharmed(world);
    },
  );

  test("is not one in a line without a cycle, of any length", async () => {
    const world = await openEngine([ring]);
    const path = Array.from({ length: 30 }, (_, index) => `${index}`);
    expect(await world.client.call(ring.step, path, { id: "a" })).toBe("end");
    await assertUnharmed(world);
  });

  test("because two cycles close at once is found for both", async () => {
    const world = await openEngine([ring]);
    const circles = [
      world.client.call(ring.step, ["b", "a"], { id: "a" }),
      world.client.call(ring.step, ["d", "c"], { id: "c" }),
    ];
    for (const circle of circles) await assertRejects(circle, "DEADLOCK");
    await assertUnharmed(world);
  });

  test("because it waits for its own result is DEADLOCK", async () => {
    const shelf: { handle?: FutureHandle<unknown> } = {};
    const gate = newGate();
    const self = fn("futures/self", async (ctx): Promise<unknown> => {
      await gate.opened;
      if (shelf.handle === undefined) throw new Error("no handle yet");
      return ctx.get(ctx.future(shelf.handle));
    });
    const parent = fn("futures/parent", (ctx) => {
      const future = ctx.invoke(self);
      shelf.handle = future.handle();
      return future;
    });
    const world = await openEngine([self, parent]);
    const handle = await world.client.start(parent);
    await expect.poll(() => shelf.handle).toBeDefined();
    gate.open();
    expect((await assertRejects(handle.result(), "DEADLOCK")).message).toContain(
      "it waits for its own handler to end",
    );
    await assertUnharmed(world);
  });

  const leaf = fn("futures/leaf", (_, n: number) => n + 1);
  const middle = fn(
    "futures/middle",
    async (ctx, n: number): Promise<number> => (await ctx.get(ctx.invoke(leaf, n))) + 1,
  );
  const outer = fn(
    "futures/outer",
    async (ctx, n: number): Promise<number> => (await ctx.get(ctx.invoke(middle, n))) + 1,
  );
  const split = fn("futures/split", (ctx, n: number): Future<number> =>
    ctx.onComplete(ctx.invoke(leaf, n), leaf),
  );

  test.each([1, 2])(
    "is not one for lack of handler slots: a blocked handler holds none, so depth 3 works with %d",
    async (concurrency) => {
      const world = await openEngine([leaf, middle, outer, split], { concurrency });
      const calls = Array.from({ length: 20 }, () => world.client.call(outer, 1));
      expect(new Set(await Promise.all(calls))).toEqual(new Set([4]));
      expect(await world.client.call(split, 1)).toBe(3);
      await assertUnharmed(world);
    },
  );

  test("can be caught: the handler continues, and its later effects count", async () => {
    const careful = stateful("futures/careful", {
      state: { tries: value(0) },
      handlers: {
        count: (ctx) => ++ctx.state.tries,
        async go(ctx): Promise<unknown> {
          try {
            return await ctx.get(ctx.invoke(careful.count, undefined, { id: ctx.self.id }));
          } catch (error) {
            ctx.state.tries += 10;
            return HandbackError.is(error) && error.code;
          }
        },
      },
    });
    const world = await openEngine([careful]);
    expect(await world.client.call(careful.go, undefined, { id: "a" })).toBe("REENTRANT_CALL");
    // The invoked call was sent anyway, and ran when the address was free.
    expect(await world.client.call(careful.count, undefined, { id: "a" })).toBe(12);
    await assertUnharmed(world);
  });
});

describe("a value in place of a future", () => {
  /** Each place that takes futures. */
  const PLACES: Readonly<Record<string, (ctx: Context, given: never) => unknown>> = {
    all: (ctx, given) => ctx.all([given]),
    allSettled: (ctx, given) => ctx.allSettled([given]),
    wait: (ctx, given) => ctx.wait([given]),
    onComplete: (ctx, given) => ctx.onComplete(given, echo),
    onSettled: (ctx, given) => ctx.onSettled(given, echo),
    after: (ctx, given) => ctx.invoke(echo, 1, { after: [given] }),
    get: (ctx, given) => ctx.get(given),
  };

  describe.each(Object.keys(PLACES))("by %s", (place) => {
    const put = (make: (ctx: Context) => unknown): typeof put_ => {
      const put_ = fn("futures/put", (ctx): unknown => PLACES[place]?.(ctx, wrong(make(ctx))));
      return put_;
    };

    test("is NOT_DURABLE if it is a JavaScript promise", async () => {
      const f = put(() => Promise.resolve(1));
      const world = await openEngine([f]);
      const error = await assertRejects(world.client.call(f), "NOT_DURABLE");
      expect(error.message).toContain("does not survive a restart");
      await assertUnharmed(world);
    });

    test.each([undefined, null, 5, "future", {}, []])(
      "is NOT_A_FUTURE if it is %o",
      async (given) => {
        const f = put(() => given);
        const world = await openEngine([f]);
        await assertRejects(world.client.call(f), "NOT_A_FUTURE");
        await assertUnharmed(world);
      },
    );

    test("is FOREIGN_FUTURE if it was made by another run", async () => {
      const kept: unknown[] = [];
      const f = put((ctx) => {
        kept.push(ctx.resolved(1));
        return kept[0];
      });
      const world = await openEngine([f]);
      await world.client.call(f);
      await assertRejects(world.client.call(f), "FOREIGN_FUTURE");
      await assertUnharmed(world);
    });
  });

  test.each([undefined, null, 5, {}])("as a list is NOT_A_FUTURE if it is %o", async (given) => {
    const lists = fn("futures/lists", (ctx, how: string): unknown => {
      if (how === "after" && given !== undefined)
        return ctx.invoke(echo, 1, { after: wrong(given) });
      return how === "all" ? ctx.all(wrong(given)) : ctx.wait(wrong(given));
    });
    const world = await openEngine([lists]);
    for (const how of ["all", "wait", "after"])
      await assertRejects(world.client.call(lists, how), "NOT_A_FUTURE");
    await assertUnharmed(world);
  });

  test.each(["all", "allSettled", "any", "race", "wait"] as const)(
    "in a list with a gap is NOT_A_FUTURE: ctx.%s",
    async (how) => {
      const gapped = fn("futures/gapped", (ctx): unknown => {
        const list = [ctx.invoke(echo, 0)];
        list[2] = ctx.invoke(echo, 2);
        return ctx[how](list);
      });
      const world = await openEngine([gapped]);
      expect((await assertRejects(world.client.call(gapped), "NOT_A_FUTURE")).message).toContain(
        `${how}[1]`,
      );
      await assertUnharmed(world);
    },
  );

  test("inside an outside value is FOREIGN_FUTURE, because it ends with its handler", async () => {
    const leak: { future?: unknown } = {};
    const leaky = fn("futures/leaky", (ctx) => void (leak.future = ctx.resolved(1)));
    const { client } = await openEngine([leaky]);
    await client.call(leaky);
    await assertRejects(client.call(echo, [leak.future]), "FOREIGN_FUTURE");
  });

  test("in state is FUTURE_IN_STATE with its path, but its handle can be stored", async () => {
    const keeper = stateful("futures/keeper", {
      state: { kept: value<unknown>(0) },
      handlers: {
        keep(ctx, how: string) {
          const future = ctx.invoke(echo, 1);
          ctx.state.kept = [how === "future" ? future : future.handle()];
        },
      },
    });
    const world = await openEngine([keeper]);
    const error = await assertRejects(
      world.client.call(keeper.keep, "future", { id: "a" }),
      "FUTURE_IN_STATE",
    );
    expect(error.details["path"]).toBe("state.kept[0]");
    expect(world.engine.meter.function(echo.type).runs).toBe(0);
    await world.client.call(keeper.keep, "handle", { id: "a" });
    expect((await world.client.readState(keeper, "a")).kept).toEqual([expect.any(FutureHandle)]);
  });
});

describe("joining", () => {
  test("no futures gives the empty list, and never hangs", async () => {
    const none = fn("futures/none", (ctx) => ({
      all: ctx.all([]),
      allSettled: ctx.allSettled([]),
      wait: ctx.wait([]),
    }));
    const world = await openEngine([none]);
    expect(await world.client.call(none)).toEqual({
      all: [],
      allSettled: [],
      wait: { ready: [], pending: [] },
    });
    await assertUnharmed(world);
  });

  test("one future several times gives its value as often, and runs it once", async () => {
    const twin = fn("futures/twin", (ctx) => {
      const [good, bad] = [ctx.invoke(echo, 1), ctx.invoke(fail, "no")];
      return {
        all: ctx.all([good, good]),
        settled: ctx.allSettled([bad, good, bad]),
        wait: ctx.wait([good, good], { count: 2 }),
        input: ctx.invoke(echo, [good, { good }]),
        after: ctx.invoke(echo, 2, { after: [good, good] }),
      };
    });
    const world = await openEngine([twin, fail]);
    const rejection = {
      status: "rejected",
      reason: expect.objectContaining({ message: "no" }) as unknown,
    };
    expect(await world.client.call(twin)).toEqual({
      all: [1, 1],
      settled: [rejection, { status: "fulfilled", value: 1 }, rejection],
      wait: {
        ready: [
          { index: 0, status: "fulfilled", value: 1 },
          { index: 1, status: "fulfilled", value: 1 },
        ],
        pending: [],
      },
      input: [1, { good: 1 }],
      after: 2,
    });
    expect(world.engine.meter.function(fail.type).runs).toBe(1);
    await assertUnharmed(world);
  });

  test.each([-1, 1.5, 3, "1", Number.NaN, null])(
    "with a count of %o for two futures is INVALID_OPTIONS",
    async (count) => {
      const some = fn("futures/some", (ctx) =>
        ctx.wait([ctx.invoke(echo, 1), ctx.invoke(echo, 2)], { count: wrong(count) }),
      );
      const world = await openEngine([some]);
      await assertRejects(world.client.call(some), "INVALID_OPTIONS");
      expect(world.engine.meter.function(echo.type).runs).toBe(0);
      await assertUnharmed(world);
    },
  );
});

describe("a rejection", () => {
  const REASONS: readonly (readonly [string, () => unknown, Partial<Failure>])[] = [
    ["undefined", () => undefined, { name: "Error", message: "thrown: undefined" }],
    ["null", () => null, { name: "Error", message: "thrown: null" }],
    ["a string", () => "plain", { name: "Error", message: "plain" }],
    ["a number", () => -0.5, { message: "thrown: -0.5" }],
    ["a symbol", () => Symbol("s"), { message: "thrown: Symbol(s)" }],
    ["an object", () => ({ status: 500 }), { message: 'thrown: {"status":500}' }],
    [
      "an object that holds itself",
      () => newLoop(),
      { message: "thrown: an object that cannot be shown" },
    ],
    [
      "a frozen error",
      () => Object.freeze(new TypeError("frozen")),
      { name: "TypeError", message: "frozen" },
    ],
    ["an error that is its own cause", () => newSelfCaused(), { message: "again" }],
    [
      "an error with a code",
      () => Object.assign(new Error("gone"), { code: "ENOENT" }),
      { code: "ENOENT", message: "gone" },
    ],
    [
      "an error that throws when it is read",
      () => newUnreadable(),
      { message: "thrown: an object that cannot be shown" },
    ],
  ];

  test.each(REASONS)(
    "with %s becomes plain data, the same for throw, ctx.rejected and client.reject",
    async (_, make, failure) => {
      const throwing = fn("futures/throwing", () => {
        throw make();
      });
      const rejecting = fn("futures/rejecting", (ctx) => ctx.rejected(make()));
      const settled = fn("futures/settled", (ctx): Future<unknown> =>
        ctx.allSettled([ctx.invoke(throwing), ctx.rejected(make())]),
      );
      const { ask, tokenOf } = newAsk();
      const world = await openEngine([throwing, rejecting, settled, ask]);
      const { client } = world;
      const expected: unknown = expect.objectContaining(failure);
      for (const f of [throwing, rejecting]) {
        const error = await assertRejects(client.call(f), "FUNCTION_FAILED");
        expect(error.failure).toEqual(expected);
        expect(error.cause).toMatchObject({ message: failure.message });
      }
      expect(await client.call(settled)).toMatchObject([
        { reason: expected },
        { reason: expected },
      ]);
      const asked = await client.start(ask);
      await client.reject(await tokenOf(), make());
      expect((await assertRejects(asked.result(), "FUNCTION_FAILED")).failure).toEqual(expected);
      expect((await asked.status()).failure).toEqual(expected);
      await assertUnharmed(world);
    },
  );

  test("keeps a bounded part of a huge error, however often its causes and parts branch", async () => {
    const reasons = [
      Object.assign(new Error("m".repeat(1e6)), {
        stack: "s".repeat(1e7),
        name: "n".repeat(1e6),
        code: "c".repeat(1e6),
      }),
      newBranching(),
      new HandbackError("NOT_FOUND", "large", { details: { large: "d".repeat(1e6) } }),
      new HandbackError("NOT_FOUND", "not JSON", { details: { big: wrong(1n) } }),
      "text".repeat(1e6),
    ];
    const huge = fn("futures/huge", (_, index: number) => {
      throw reasons[index]; // oxlint-disable-line typescript/only-throw-error
    });
    const world = await openEngine([huge]);
    for (const index of reasons.keys()) {
      const error = await world.client.call(huge, index).catch((reason: unknown) => reason);
      expect(HandbackError.is(error, "FUNCTION_FAILED", "NOT_FOUND")).toBe(true);
      expect(JSON.stringify(HandbackError.is(error) ? error.failure : 0).length).toBeLessThan(
        1_000_000,
      );
    }
    await assertUnharmed(world);
  });

  test("without a consumer is recorded and counted, fails nothing, and does not end the process", async () => {
    const strays: unknown[] = [];
    const note = (reason: unknown): void => void strays.push(reason);
    process.on("unhandledRejection", note);
    const careless = fn("futures/careless", (ctx) => {
      ctx.invoke(fail, "nobody listens");
      ctx.onComplete(ctx.invoke(fail, "nor here"), echo);
      ctx.rejected("never wired");
      return "fine";
    });
    const world = await openEngine([careless, fail]);
    const handle = await world.client.start(careless);
    expect(await handle.result()).toBe("fine");
    await expect
      .poll(async () => (await handle.status()).unhandled.map(({ message }) => message).toSorted())
      .toEqual(["nobody listens", "nor here"]);
    expect(world.engine.meter.function(fail.type).failed).toBe(2);
    expect((await handle.status()).status).toBe("completed");
    await assertUnharmed(world);
    process.off("unhandledRejection", note);
    expect(strays).toEqual([]);
  });

  test("of one-way work is a dead letter that names the failure", async () => {
    const sender = fn("futures/sender", (ctx) => {
      ctx.send(fail, "one way");
      ctx.send(echo, ctx.invoke(fail, "its input"));
    });
    const world = await openEngine([sender, fail]);
    await world.client.call(sender);
    await expect.poll(() => world.engine.deadLetters().length).toBe(2);
    expect(
      world.engine
        .deadLetters()
        .map(({ target, failure }) => `${target.type}: ${failure.message}`)
        .toSorted(),
    ).toEqual(["futures/fail: one way", "test/echo: its input"]);
    expect(world.store.count()).toMatchObject({ messages: 0, dead: 2 });
  });

  test("in a continuation rejects only its own future; other continuations of the future run", async () => {
    const branches = fn("futures/branches", (ctx) => {
      const start = ctx.invoke(echo, "boom");
      return ctx.allSettled([ctx.onComplete(start, fail), ctx.onComplete(start, echo), start]);
    });
    const world = await openEngine([branches, fail]);
    expect(await world.client.call(branches)).toMatchObject([
      { status: "rejected", reason: { message: "boom", function: fail.type } },
      { status: "fulfilled", value: "boom" },
      { status: "fulfilled", value: "boom" },
    ]);
    await assertUnharmed(world);
  });

  test("in a continuation is retried by that function's policy", async () => {
    const clock = new VirtualClock();
    const attempts: number[] = [];
    const flaky = fn(
      "futures/flaky",
      { retry: { maxAttempts: 3, initialDelay: "1h", maxDelay: "1d" } },
      (ctx, n: number) => {
        attempts.push(ctx.attempt);
        if (ctx.attempt < 3) throw new Error("not yet");
        return n + 1;
      },
    );
    const start = fn("futures/start", (ctx) => ctx.onComplete(ctx.resolved(1), flaky));
    const world = await openEngine([flaky, start], { clock });
    expect(await clock.until(world.client.call(start))).toBe(2);
    expect(attempts).toEqual([1, 2, 3]);
    expect(clock.now() - VirtualClock.startAt).toBe(3 * 3_600_000);
    await assertUnharmed(world);
  });
});

// On a busy machine these take several times as long.
describe("a hundred thousand", { timeout: 90_000 }, () => {
  const N = 100_000;
  const increment = fn("futures/increment", (_, n: number) => n + 1);

  /** Returns the longest delay of the event loop's timers during `work`. */
  async function longestStall(work: Promise<unknown>): Promise<number> {
    let [last, longest] = [performance.now(), 0];
    const timer = setInterval(() => {
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
    }, 1);
    await work.finally(() => clearInterval(timer));
    return longest;
  }

  test("tail calls leave nothing behind, and keep the event loop free", async () => {
    const step = fn("futures/step", (ctx, n: number): number | Future<number> =>
      n === 0 ? 0 : ctx.invoke(step, n - 1),
    );
    const world = await openEngine([step]);
    expect(await longestStall(world.client.call(step, N))).toBeLessThan(1000);
    expect(world.engine.meter.function(step.type).runs).toBe(N + 1);
    await assertUnharmed(world);
  });

  test("continuations in a chain, named by one handler, run in turn, and a rejection skips them all", async () => {
    const chain = fn(
      "futures/chain",
      (ctx, { start, length }: { start: number | string; length: number }): Future<number> => {
        let last: Future<number> =
          typeof start === "number"
            ? ctx.resolved(start)
            : ctx.onComplete(ctx.invoke(fail, start), increment);
        for (let index = 0; index < length; index++) last = ctx.onComplete(last, increment);
        return last;
      },
    );
    const world = await openEngine([chain, increment, fail]);
    expect(await world.client.call(chain, { start: 0, length: N })).toBe(N);
    expect(world.engine.meter.function(increment.type).runs).toBe(N);
    await assertRejects(
      world.client.call(chain, { start: "no", length: N / 10 }),
      "FUNCTION_FAILED",
    );
    expect(world.engine.meter.function(increment.type).runs).toBe(N);
    await assertUnharmed(world);
  });

  test("continuations of one future all run, each once", async () => {
    const fan = fn("futures/fan", (ctx): void => {
      const start = ctx.invoke(echo, 0) as Future<number>;
      for (let index = 0; index < N; index++) ctx.onComplete(start, increment);
    });
    const world = await openEngine([fan, increment]);
    await world.client.call(fan);
    await expect
      .poll(() => world.engine.meter.function(increment.type).runs, { timeout: 60_000 })
      .toBe(N);
    await expect.poll(() => world.store.count().messages).toBe(0);
    await assertUnharmed(world);
  });
});

function newLoop(): unknown {
  const loop: { self?: unknown } = {};
  loop.self = loop;
  return loop;
}

function newSelfCaused(): Error {
  const error = new Error("again");
  error.cause = error;
  return error;
}

function newUnreadable(): object {
  return {
    get message(): never {
      throw new Error("no");
    },
  };
}

/**
 * An error whose parts are itself, sixteen times, eight levels deep: four billion failures if each
 * were described.
 */
function newBranching(): AggregateError {
  const error = new AggregateError([], "branching");
  error.errors = Array.from({ length: 16 }, () => error);
  error.cause = error;
  return error;
}
