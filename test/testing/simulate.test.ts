import { fn, HandbackError, stateful, value } from "handback";
import type { Future } from "handback";
import { simulate } from "handback/testing";
import { describe, expect, test } from "vitest";
import { checkout, egress, ledger, ORDER, shop } from "./shop.ts";

const DAY_MS = 86_400_000;

describe("a simulation", () => {
  test("returns the body's result and the outcome of the run", async () => {
    const run = await simulate({ functions: shop, egress }, (t) =>
      t.client.call(checkout, ORDER, { id: "order-1" }),
    );
    expect(run.result).toEqual({ charged: 1, notices: [1, 1] });
    expect(await run.state(ledger, "post")).toEqual({ requests: { mail: 1, sms: 1 } });
    expect(await run.states()).toMatchObject([
      { function: "shop/ledger", id: "bank" },
      { function: "shop/ledger", id: "post" },
    ]);
    expect(run.egress).toHaveLength(2);
    expect(run.egress).toContainEqual({
      type: "shop/messages",
      id: expect.any(String),
      value: "mail",
      times: 1,
    });
    expect(run.crashes).toEqual([]);
    expect(await run.meter.flows()).toMatchObject([
      { id: "order-1", function: "shop/checkout", status: "completed", beta: 1, final: true },
    ]);
    expect(run.meter.function("shop/notify")).toMatchObject({ runs: 2, failed: 0 });
  });

  test("reports its events as they happen, with the virtual time", async () => {
    const seen: string[] = [];
    const run = await simulate(
      { functions: shop, egress, onEvent: ({ at, event }) => void seen.push(`${at} ${event}`) },
      async (t) => {
        await t.client.start(checkout, ORDER);
        await t.advance(10);
      },
    );
    expect(seen).toEqual(run.trace.map(({ at, event }) => `${at} ${event}`));
    expect(seen.slice(0, 6)).toEqual([
      "0 start",
      "0 request",
      "0 commit",
      "0 committed",
      "0 run",
      "0 end",
    ]);
  });

  test("finishes handlers and commits under way after the body, and leaves delayed messages", async () => {
    const run = await simulate(
      { functions: shop, egress },
      async (t) => void (await t.client.start(checkout, ORDER, { id: "order-1" })),
    );
    expect(await run.state(ledger, "post")).toEqual({ requests: { mail: 1, sms: 1 } });
    expect(await run.meter.flows()).toMatchObject([{ id: "order-1", status: "pending" }]);
  });

  test("accepts a body that is not asynchronous", async () => {
    expect((await simulate({ functions: [] }, () => 7)).result).toBe(7);
  });

  test("passes on engine options: concurrency, retention, payload limit", async () => {
    const options = {
      functions: shop,
      egress,
      retention: "1h",
      payloadLimit: 100,
      concurrency: 1,
    } as const;
    const run = await simulate(options, async (t) => {
      const handle = await t.client.start(checkout, ORDER);
      await t.advance("3h");
      const status = await handle.status().catch((error: { code: string }) => error.code);
      const tooLarge = await t.client
        .start(ledger.book, "x".repeat(200), { id: "a" })
        .catch((error: { code: string }) => error.code);
      return [status, tooLarge];
    });
    expect(run.result).toEqual(["NOT_FOUND", "PAYLOAD_TOO_LARGE"]);
  });
});

describe("virtual time", () => {
  test("passes when the body lets it, with everything that is due until then", async () => {
    const nap = fn("test/nap", (ctx, hours: number) =>
      ctx.onComplete(ctx.sleep(hours * 3_600_000), woken),
    );
    const woken = fn("test/woken", (ctx) => ctx.now());
    const run = await simulate({ functions: [nap, woken] }, async (t) => {
      const startedAt = t.clock.now();
      const handle = await t.client.start(nap, 2);
      await t.advance("1h");
      const before = await handle.status();
      await t.advance("1h");
      const after = await handle.status();
      return {
        before: before.status,
        after: after.status,
        took: (await handle.result()) - startedAt,
        now: t.clock.now() - startedAt,
      };
    });
    expect(run.result).toEqual({
      before: "pending",
      after: "completed",
      took: 7_200_000,
      now: 7_200_000,
    });
  });

  test("passes by itself while the body waits for a result", async () => {
    const run = await simulate({ functions: shop, egress }, async (t) => {
      const before = t.clock.now();
      await t.client.call(checkout, ORDER);
      return t.clock.now() - before;
    });
    expect(run.result).toBe(3_600_000);
  });

  test("skips months in no time, and each timer fires at its instant", async () => {
    const firedAt: number[] = [];
    const months = fn("test/months", (ctx, left: number): Future<number> | number => {
      firedAt.push(ctx.now());
      return left === 0 ? ctx.now() : ctx.invoke(months, left - 1, { after: [ctx.sleep("30.5d")] });
    });
    const before = performance.now();
    const run = await simulate({ functions: [months] }, async (t) => {
      const startedAt = t.clock.now();
      return [startedAt, await t.client.call(months, 24)] as const;
    });
    const [startedAt, endedAt] = run.result;
    expect(endedAt - startedAt).toBe(24 * 30.5 * DAY_MS);
    expect(firedAt).toEqual(
      Array.from({ length: 25 }, (_, month) => startedAt + month * 30.5 * DAY_MS),
    );
    expect(performance.now() - before).toBeLessThan(5_000);
  });

  test("work takes time, and is billed", async () => {
    const run = await simulate(
      { functions: ({ work }) => [fn("test/work", async (_, ms: number) => work(ms))] },
      async (t) => {
        const work = fn("test/work", async (_, _ms: number) => undefined);
        await t.client.call(work, 1.000001, { id: "w" });
      },
    );
    expect(await run.meter.flow("w")).toMatchObject({ billedMs: 1.000001, runs: 1 });
  });

  test("work ends early when its signal is aborted", async () => {
    const controller = new AbortController();
    const run = await simulate(
      {
        functions: ({ work }) => [
          fn("test/work", async (ctx) => {
            await work(1_000, controller.signal);
            return ctx.now();
          }),
        ],
      },
      async (t) => {
        const startedAt = t.clock.now();
        const handle = await t.client.start(fn("test/work", async (_): Promise<number> => 0));
        await t.advance(10);
        controller.abort();
        return (await handle.result()) - startedAt;
      },
    );
    expect(run.result).toBe(10);
  });

  test("a handler's timeout fires at its instant, even if nothing else happens", async () => {
    const stuck = fn("test/stuck", { timeout: "2d" }, () => new Promise<void>(() => undefined));
    const run = await simulate({ functions: [stuck] }, async (t) => {
      const startedAt = t.clock.now();
      const code = await t.client.call(stuck).catch((error: { code: string }) => error.code);
      return [code, t.clock.now() - startedAt];
    });
    expect(run.result).toEqual(["HANDLER_TIMEOUT", 2 * DAY_MS]);
  });

  test("idle lets everything happen, including delayed messages", async () => {
    const counter = stateful("test/counter", {
      state: { ticks: value(0) },
      handlers: {
        tick(ctx, left: number) {
          ctx.state.ticks++;
          if (left > 0) ctx.send(counter.tick, left - 1, { id: ctx.self.id, delay: "1d" });
        },
      },
    });
    const run = await simulate({ functions: [counter] }, async (t) => {
      const startedAt = t.clock.now();
      await t.client.start(counter.tick, 5, { id: "a" });
      await t.idle();
      return t.clock.now() - startedAt;
    });
    expect([run.result, await run.state(counter, "a")]).toEqual([5 * DAY_MS, { ticks: 6 }]);
  });

  test("idle ends at its limit if some work goes on forever", async () => {
    const heart = fn("test/heart", (ctx): Future<void> =>
      ctx.invoke(heart, undefined, { after: [ctx.sleep("1h")] }),
    );
    const run = await simulate({ functions: [heart] }, async (t) => {
      const startedAt = t.clock.now();
      await t.client.start(heart);
      await t.idle("1d");
      return t.clock.now() - startedAt;
    });
    expect(run.result).toBe(DAY_MS);
  });
});

describe("a simulation that fails", () => {
  const failureOf = (promise: Promise<unknown>): Promise<Error> =>
    promise.then(
      () => Promise.reject(new Error("expected a failure")),
      (error: Error) => error,
    );

  test("rejects with the body's error, and ends its message with the line that replays it", async () => {
    const thrown = new RangeError("not what I want");
    const body = (): never => {
      throw thrown;
    };
    const error = await failureOf(
      simulate({ functions: shop, seed: 11, faults: { crash: 0.1, reorder: true } }, body),
    );
    expect(error).toBe(thrown);
    expect(error.message).toBe(
      'not what I want\nreplay: simulate({ ..., seed: 11, faults: {"crash":0.1,"reorder":true} }, ...)',
    );
    expect(error.stack).toContain("replay: ");
    expect(
      (await failureOf(simulate({ functions: shop }, body))).message.match(/replay/g),
    ).toHaveLength(1);
  });

  test("names the schedule that repeats the same course", async () => {
    const schedule = { crashes: [{ commit: 2, how: "before" }] } as const;
    const error = await failureOf(
      simulate({ functions: shop, schedule }, () => Promise.reject(new Error("no"))),
    );
    expect(error.message).toBe(
      'no\nreplay: simulate({ ..., schedule: {"crashes":[{"commit":2,"how":"before"}]} }, ...)',
    );
  });

  test.each([["a string"], [undefined], [Object.freeze(new Error("frozen"))]])(
    "makes an error of %s",
    async (thrown) => {
      const error = await failureOf(
        simulate({ functions: [] }, () => Promise.reject(thrown as Error)),
      );
      expect(error.message).toContain("replay: simulate({ ..., seed: 0 }, ...)");
      expect(error.cause).toBe(thrown);
    },
  );

  test("rejects as a flow did", async () => {
    const bad = fn("test/bad", () => {
      throw new Error("bad");
    });
    const error = await failureOf(simulate({ functions: [bad] }, (t) => t.client.call(bad)));
    expect(HandbackError.is(error, "FUNCTION_FAILED")).toBe(true);
    expect(error.message).toMatch(/test\/bad failed: bad\nreplay: /);
  });

  test("names the pending flows if nothing more can happen", async () => {
    const ask = fn("test/ask", (ctx) => {
      ctx.setStatus("waits for a person");
      return ctx.promise<string>();
    });
    const error = await failureOf(
      simulate({ functions: [ask], seed: 3 }, (t) =>
        t.client.call(ask, undefined, { id: "ask-1" }),
      ),
    );
    expect(error.name).toBe("AssertionError");
    expect(error.message).toBe(
      "nothing more can happen, but the body still waits:\n" +
        '  flow ask-1 (test/ask) is pending, "waits for a person"\n' +
        "replay: simulate({ ..., seed: 3 }, ...)",
    );
  });

  test("names the handlers that wait for something outside of the simulation", async () => {
    const stuck = fn("test/stuck", () => new Promise<void>(() => undefined));
    const error = await failureOf(simulate({ functions: [stuck] }, (t) => t.client.call(stuck)));
    expect(error.message).toContain("a handler of test/stuck at ");
  });

  test("says so if only the body waits", async () => {
    const error = await failureOf(simulate({ functions: [] }, () => new Promise(() => undefined)));
    expect(error.message).toContain("the body waits for something outside of the simulation");
  });

  test("gives up after the maximum number of steps", async () => {
    const loop = fn("test/loop", (ctx): Future<void> => ctx.invoke(loop));
    const error = await failureOf(
      simulate({ functions: [loop], maxSteps: 500 }, (t) =>
        t.client.call(loop, undefined, { id: "loop-1" }),
      ),
    );
    expect(error.message).toMatch(
      /^the simulation is not over after 500 steps:\n {2}flow loop-1 \(test\/loop\) is pending\nreplay/,
    );
  });

  test("passes on the engine's rejections", async () => {
    const twice = [fn("test/same", () => 1), fn("test/same", () => 2)];
    const error = await failureOf(simulate({ functions: twice }, () => undefined));
    expect(HandbackError.is(error, "DUPLICATE_FUNCTION")).toBe(true);
  });

  test.each([
    [{ functions: undefined }, "functions"],
    [{ functions: [], seed: -1 }, "seed"],
    [{ functions: [], seed: 2 ** 32 }, "seed"],
    [{ functions: [], maxSteps: 0 }, "maxSteps"],
    [{ functions: [], faults: { crash: 2 } }, "faults.crash"],
    [{ functions: [], faults: { redeliver: Number.NaN } }, "faults.redeliver"],
    [{ functions: [], faults: { crashes: 1 } }, "crashes"],
    [{ functions: [], seed: 1, schedule: {} }, "schedule"],
    [{ functions: [], schedule: { crash: [] } }, "crash"],
    [{ functions: [], store: undefined }, "store"],
  ])("rejects %j", async (options, what) => {
    const error = await failureOf(
      simulate(options as Parameters<typeof simulate>[0], () => undefined),
    );
    expect(HandbackError.is(error, "INVALID_OPTIONS")).toBe(true);
    expect(error.message).toContain(what);
  });
});
