import { fn, HandbackError, stateful, value } from "handback";
import type { Future } from "handback";
import { describe, expect, test, vi } from "vitest";
import { VirtualClock } from "../../src/testing/simulation/machine/virtual-clock.ts";
import { assertRejects, assertUnharmed, echo, newGate, openEngine, wrong } from "./open-engine.ts";

describe("a handler that exceeds its timeout", () => {
  test("is abandoned with HANDLER_TIMEOUT; its late writes are STALE_ATTEMPT and have no effect; its address is free", async () => {
    const clock = new VirtualClock();
    const gate = newGate();
    const late: unknown[] = [];
    const slow = stateful("handlers/slow", {
      state: { n: value(0), list: value<number[]>([]) },
      timeout: "1m",
      handlers: {
        async go(ctx) {
          ctx.state.n = 1;
          ctx.send(echo, "leaves only with the rest");
          const { state } = ctx;
          const { list } = ctx.state;
          await gate.opened;
          for (const write of [
            () => (ctx.state.n = 2),
            () => (state.n = 2),
            () => ctx.send(echo, 2),
            () => ctx.invoke(echo, 2),
            () => ctx.terminate(),
          ]) {
            try {
              late.push(write());
            } catch (error) {
              late.push(HandbackError.is(error) && error.code);
            }
          }
          list.push(1);
          late.push("end");
          return "too late";
        },
        add: (ctx, n: number) => (ctx.state.n += n),
      },
    });
    const world = await openEngine([slow], { clock });
    const { client } = world;
    await clock.until(client.call(slow.add, 10, { id: "a" }));
    const abandoned = await client.start(slow.go, undefined, { id: "a" });
    const behind = await client.start(slow.add, 1, { id: "a" });
    await clock.advance(59_999);
    expect((await abandoned.status()).status).toBe("pending");
    const error = await assertRejects(clock.until(abandoned.result()), "HANDLER_TIMEOUT");
    expect([error.details, error.retryable]).toEqual([{ timeoutMs: 60_000 }, true]);
    expect(await clock.until(behind.result())).toBe(11);
    gate.open();
    await clock.quiet();
    expect(late).toEqual([...Array.from({ length: 5 }, () => "STALE_ATTEMPT"), "end"]);
    expect(await client.readState(slow, "a")).toEqual({ n: 11, list: [] });
    await assertRejects(abandoned.result(), "HANDLER_TIMEOUT");
    expect(world.engine.meter.function(echo.type).runs).toBe(0);
    await assertUnharmed(world);
  });

  test("is retried by its policy, and fails with HANDLER_TIMEOUT after the last attempt", async () => {
    const clock = new VirtualClock();
    const attempts: number[] = [];
    const slow = fn(
      "handlers/slow",
      { timeout: "1s", retry: { maxAttempts: 3, initialDelay: 0 } },
      async (ctx, until: number) => {
        attempts.push(ctx.attempt);
        if (ctx.attempt < until) await clock.work(5000);
        return "done";
      },
    );
    const world = await openEngine([slow], { clock });
    expect(await clock.until(world.client.call(slow, 2))).toBe("done");
    await assertRejects(clock.until(world.client.call(slow, 9)), "HANDLER_TIMEOUT");
    expect(attempts).toEqual([1, 2, 1, 2, 3]);
    await clock.advance(10_000);
    await assertUnharmed(world);
  });

  test("is abandoned even if it blocks in a get", async () => {
    const clock = new VirtualClock();
    const gate = newGate();
    const slow = fn("handlers/slow", () => gate.opened);
    const blocked = fn("handlers/blocked", { timeout: "1s" }, async (ctx): Promise<unknown> =>
      ctx.get(ctx.invoke(slow)),
    );
    const world = await openEngine([blocked, slow], { clock, concurrency: 2 });
    await assertRejects(clock.until(world.client.call(blocked)), "HANDLER_TIMEOUT");
    expect(await world.client.call(echo, "the slot is free")).toBe("the slot is free");
    gate.open();
    await clock.quiet();
    await assertUnharmed(world);
  });

  test("is measured without the time for which its returned future is pending", async () => {
    const clock = new VirtualClock();
    const patient = fn("handlers/patient", { timeout: "1s" }, (ctx): Future<void> =>
      ctx.sleep("1h"),
    );
    const world = await openEngine([patient], { clock });
    await clock.until(world.client.call(patient));
    expect(clock.now() - VirtualClock.startAt).toBe(3_600_000);
    await assertUnharmed(world);
  });

  test("without a timeout keeps its own address, and no other", async () => {
    const gate = newGate();
    const stuck = stateful("handlers/stuck", {
      state: { n: value(0) },
      handlers: {
        wait: async (ctx): Promise<number> => {
          await gate.opened;
          return ++ctx.state.n;
        },
        add: (ctx) => ++ctx.state.n,
      },
    });
    const world = await openEngine([stuck]);
    const waiting = await world.client.start(stuck.wait, undefined, { id: "a" });
    const behind = await world.client.start(stuck.add, undefined, { id: "a" });
    expect(await world.client.call(stuck.add, undefined, { id: "b" })).toBe(1);
    expect((await behind.status()).status).toBe("pending");
    gate.open();
    expect([await waiting.result(), await behind.result()]).toEqual([1, 2]);
    await assertUnharmed(world);
  });
});

describe("a handler that blocks the event loop", () => {
  const spin = (ms: number): void => {
    const end = performance.now() + ms;
    while (performance.now() < end);
  };

  test("cannot be interrupted, whatever its timeout, and its effects count when it ends", async () => {
    const busy = fn("handlers/busy", { timeout: "1ms" }, () => {
      spin(5);
      return "done";
    });
    const world = await openEngine([busy]);
    expect(await world.client.call(busy)).toBe("done");
    await assertUnharmed(world);
  });

  test("for a second or longer is named in the log when it ends", async () => {
    let ns = 0;
    const clock = new VirtualClock();
    vi.spyOn(clock, "monotonicNs").mockImplementation(() => ns);
    const busy = fn("handlers/busy", async (_, ms: number) => {
      ns += ms * 1e6;
      await Promise.resolve();
      ns += 5e9;
    });
    const failing = fn("handlers/failing", () => {
      ns += 2e9;
      throw new Error("no");
    });
    const world = await openEngine([busy, failing], { clock });
    await world.client.call(busy, 999, { id: "short" });
    expect(world.said).toEqual([]);
    await world.client.call(busy, 1000);
    await assertRejects(world.client.call(failing), "FUNCTION_FAILED");
    expect(world.said.map((line) => line.replace(/\[[0-9a-f]+\]/, ""))).toEqual([
      "warn a handler of handlers/busy kept the event loop to itself for 1000 ms",
      expect.stringMatching(/^warn the flow \w+ of handlers\/failing failed: Error/),
      "warn a handler of handlers/failing kept the event loop to itself for 2000 ms",
    ]);
    await assertUnharmed(world);
  });
});

describe("a thrown value", () => {
  const keeper = stateful("handlers/keeper", {
    state: { n: value(0) },
    handlers: {
      fail(ctx, index: number) {
        ctx.state.n = 5;
        ctx.send(echo, "leaves only with the state");
        ctx.invoke(echo, "so does this");
        throw THROWN[index];
      },
      async failLater(ctx, index: number) {
        ctx.state.n = 5;
        ctx.send(echo, "leaves only with the state");
        await Promise.resolve();
        throw THROWN[index];
      },
    },
  });
  const THROWN: readonly unknown[] = [
    undefined,
    null,
    "a string",
    "",
    0,
    5n,
    Symbol("s"),
    () => 1,
    {},
    Object.create(null),
    Object.freeze(new Error("frozen")),
    Object.freeze({ message: "frozen" }),
    new Proxy(new Error("proxy"), {}),
    Promise.resolve(1),
    new (class extends Error {
      override get message(): string {
        throw new Error("no");
      }
    })(),
  ];

  test.each(THROWN.map((thrown, index) => [index, thrown] as const))(
    "(number %d) rejects the call as plain data, and undoes all changes",
    async (index) => {
      const world = await openEngine([keeper]);
      for (const operation of [keeper.fail, keeper.failLater]) {
        const error = await assertRejects(
          world.client.call(operation, index, { id: "a" }),
          "FUNCTION_FAILED",
        );
        expect(error.message).toMatch(/^FUNCTION_FAILED: handlers\/keeper failed: /);
        expect(error.failure).toMatchObject({
          name: expect.any(String),
          message: expect.any(String),
          function: "handlers/keeper",
        });
      }
      await assertRejects(world.client.readState(keeper, "a"), "NOT_FOUND");
      expect(world.engine.meter.function(echo.type).runs).toBe(0);
      await assertUnharmed(world);
    },
  );
});

describe("a returned value", () => {
  test("is awaited once if it is a thenable", async () => {
    let thens = 0;
    const thenable = fn("handlers/thenable", (): unknown => ({
      // oxlint-disable-next-line unicorn/no-thenable
      then(resolve: (value: unknown) => void) {
        thens++;
        resolve({ n: 1 });
      },
    }));
    const world = await openEngine([thenable]);
    expect(await world.client.call(thenable)).toEqual({ n: 1 });
    expect(thens).toBe(1);
    await assertUnharmed(world);
  });

  test("may be a promise of a future, or a future of a value with futures", async () => {
    const nested = fn("handlers/nested", async (ctx): Promise<unknown> => {
      await Promise.resolve();
      return ctx.resolved({ a: ctx.invoke(echo, 1), b: [ctx.resolved(ctx.invoke(echo, 2))] });
    });
    const world = await openEngine([nested]);
    expect(await world.client.call(nested)).toEqual({ a: 1, b: [2] });
    await assertUnharmed(world);
  });

  test("rejects the call if it is a thenable that rejects, throws, or cannot be read", async () => {
    const BAD: readonly unknown[] = [
      { then: (_: unknown, reject: (reason: unknown) => void) => reject(new Error("no")) }, // oxlint-disable-line unicorn/no-thenable
      {
        // oxlint-disable-next-line unicorn/no-thenable
        then() {
          throw new Error("no");
        },
      },
      {
        // oxlint-disable-next-line unicorn/no-thenable
        get then(): never {
          throw new Error("no");
        },
      },
    ];
    const bad = fn("handlers/bad", (_, index: number) => BAD[index]);
    const world = await openEngine([bad]);
    for (const index of BAD.keys()) {
      const error = await assertRejects(world.client.call(bad, index), "FUNCTION_FAILED");
      expect(error.message).toBe("FUNCTION_FAILED: handlers/bad failed: no");
    }
    await assertUnharmed(world);
  });

  const STREAMS: Readonly<Record<string, () => unknown>> = {
    "a stream": () => new ReadableStream(),
    "a Response": () => new Response("text"),
    "a Request": () => new Request("https://example.org"),
    "a generator's iterator": () =>
      (function* generate() {
        yield 1;
      })(),
    "an async iterator": () =>
      (async function* generate() {
        yield 1;
      })(),
    "an iterator": () => [1].values(),
    "its context": () => undefined,
    "an instance of a class": () =>
      new (class Account {
        balance = 1;
      })(),
    "a function of ours": () => echo,
  };

  test.each(Object.keys(STREAMS))(
    "is UNSERIALIZABLE if it is %s, and the state is unchanged",
    async (what) => {
      const giver = stateful("handlers/giver", {
        state: { n: value(0) },
        handlers: {
          give(ctx): unknown {
            ctx.state.n++;
            return what === "its context" ? ctx : STREAMS[what]?.();
          },
        },
      });
      const world = await openEngine([giver]);
      const given = world.client.call(giver.give, undefined, { id: "a" });
      if (what === "a function of ours") expect(await given).toEqual({ type: "test/echo" });
      else {
        const error = await assertRejects(given, "UNSERIALIZABLE");
        expect(error.details["path"]).toBe("result");
        await assertRejects(world.client.readState(giver, "a"), "NOT_FOUND");
      }
      await assertUnharmed(world);
    },
  );
});

describe("an input that a schema rejects", () => {
  const whole = (later: boolean) => ({
    "~standard": {
      version: 1 as const,
      vendor: "test",
      validate: (input: unknown) => {
        const result =
          typeof input === "number"
            ? { value: input }
            : {
                issues: [
                  { message: "expected a number", path: ["n", { key: 0 }] },
                  { message: "again" },
                ],
              };
        return later ? Promise.resolve(result) : result;
      },
    },
  });

  test.each([false, true])(
    "is INVALID_INPUT with the problem and its path, and the handler does not run (checked later: %s)",
    async (later) => {
      let runs = 0;
      const double = fn(
        "handlers/double",
        { input: whole(later), retry: { maxAttempts: 3 } },
        (_, n: number) => {
          runs++;
          return 2 * n;
        },
      );
      const world = await openEngine([double]);
      const error = await assertRejects(world.client.call(double, wrong("two")), "INVALID_INPUT");
      expect(error.details).toEqual({
        function: "handlers/double",
        issues: ["n.0: expected a number", "again"],
      });
      expect(error.message).toContain("handlers/double");
      expect([await world.client.call(double, 2), runs]).toEqual([4, 1]);
      await assertUnharmed(world);
    },
  );
});
