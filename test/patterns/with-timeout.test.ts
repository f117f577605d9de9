import fc from "fast-check";
import { embedded, fn, memory } from "handback";
import type { Duration, Future, RunEnding } from "handback";
import { chain, withTimeout } from "handback/patterns";
import { everyCrash, record, simulate, VirtualClock } from "handback/testing";
import { describe, expect, test } from "vitest";
import { endOf, measure } from "./laws/compare.ts";

const woke = fn("timeout/woke", (_, { args }: { result: void; args: unknown }) => args);
const wait = fn("timeout/wait", { parts: [woke] }, (ctx, ms: number): Future<unknown> =>
  ctx.onComplete(ctx.sleep(ms), woke, ms),
);
const instead = fn("timeout/instead", (_, ms: number) => `not ${ms}`);

describe("a function with a timeout", () => {
  test.each([
    ["returns its output in time", withTimeout("timeout/t", wait, "10s"), 9999, { value: 9999 }],
    [
      "rejects after the timeout",
      withTimeout("timeout/t", wait, "10s"),
      10_001,
      { code: "TIMEOUT", details: { duration: "10s" } },
    ],
    [
      "may have a time that depends on the input",
      withTimeout("timeout/t", wait, (ms) => ms - 1),
      50,
      { code: "TIMEOUT" },
    ],
    [
      "calls onTimeout after the timeout",
      withTimeout("timeout/t", wait, "10s", { onTimeout: instead }),
      10_001,
      { value: "not 10001" },
    ],
    [
      "does not call onTimeout in time",
      withTimeout("timeout/t", wait, "10s", { onTimeout: instead }),
      9999,
      { value: 9999 },
    ],
    [
      "can be part of a chain",
      chain("timeout/c", withTimeout("timeout/t", wait, 5)),
      6,
      { code: "STEP_FAILED" },
    ],
  ] as const)("%s", async (_, f, ms, expected) => {
    const { ended, beta } = await measure(f, ms);
    expect(ended).toMatchObject(expected);
    expect(beta).toBe(1);
  });

  test("is canceled at the timeout, before onTimeout is called", async () => {
    const f = withTimeout("timeout/cancels", wait, 100, { onTimeout: instead });
    const { run } = await measure(f, 1000, { functions: [record(woke), record(instead)] });
    expect(run.calls(woke)).toEqual([]);
    expect(run.calls(instead)).toHaveLength(1);
  });

  describe("calls onTimeout once the canceled run has ended, and tells it how", () => {
    test.each<[string, grace: Duration | undefined, ends: string, atMs: number, run: RunEnding]>([
      ["a run that ends well", undefined, "well", 300, "fulfilled"],
      ["a run that throws", undefined, "throws", 300, "unknown"],
      ["a run that hands back a future without a value", undefined, "waits", 300, "unknown"],
      ["a run that never ends", undefined, "never", 30_100, "unknown"],
      ["a run that never ends, with a grace", "2s", "never", 2_100, "unknown"],
      ["a run that would end well, with no grace", 0, "well", 100, "unknown"],
      ["a call that waits for a handler slot", undefined, "waiting", 150, "neverBegan"],
    ])("%s", async (_, grace, ends, atMs, run) => {
      const told: unknown[] = [];
      const never = new Promise<never>(() => undefined);
      const busy = fn("timeout/busy", () => clock.work(150));
      const clock = new VirtualClock();
      const work = fn("timeout/work", async (ctx, _input: string): Promise<unknown> => {
        await (ends === "never" ? never : clock.work(300));
        if (ends === "throws") throw new Error("no");
        return ends === "waits" ? ctx.promise() : "done";
      });
      const late = fn("timeout/late", (ctx, input: string) => {
        told.push([clock.now() - startedAt, input, ctx.cancelledRun]);
      });
      const options = { onTimeout: late, ...(grace !== undefined && { grace }) };
      const f = withTimeout("timeout/told", work, 100, options);
      const concurrency = ends === "waiting" ? 1 : 64;
      const store = memory();
      const engine = await embedded({ functions: [f, busy], store, clock, concurrency });
      const startedAt = clock.now();
      void engine.client.call(f, "input").catch(() => undefined);
      if (ends === "waiting") void engine.client.call(busy).catch(() => undefined);
      await clock.quiet();
      await clock.advance(atMs + 50);
      expect(told).toEqual([[atMs, "input", run]]);
      await clock.until(engine.close());
    });
  });

  test.each([0, "", false, null, undefined])("may return %o in time", async (frail) => {
    const echo = fn("timeout/echo", (_, value: unknown) => value);
    const f = withTimeout("timeout/frail", echo, "1s", {
      onTimeout: fn("timeout/never", () => "late"),
    });
    expect((await measure(f, frail)).ended).toStrictEqual({ value: frail });
  });

  test("rejects unchanged when it fails in time, also with its own timeout", async () => {
    const bad = fn("timeout/bad", (ctx): Future<void> => ctx.timeout(ctx.sleep("1h"), 5));
    const f = withTimeout("timeout/fails", bad, "1m", {
      onTimeout: fn("timeout/never", () => "late"),
    });
    expect((await measure(f, undefined)).ended).toMatchObject({
      code: "TIMEOUT",
      details: { duration: 5 },
    });
  });

  test("gives the same result at whichever commit the process crashes", async () => {
    const f = withTimeout("timeout/crash", wait, 100, { onTimeout: instead });
    for (const [ms, expected] of [
      [50, 50],
      [1000, "not 1000"],
    ] as const) {
      expect((await everyCrash({ functions: [f] }, (t) => t.client.call(f, ms))).run.result).toBe(
        expected,
      );
    }
  });

  test("has the same result and calls as a blocking function, without its bill", () =>
    fc.assert(
      fc.asyncProperty(fc.nat(2000), fc.nat(2000), async (ms, limitMs) => {
        const split = withTimeout("timeout/split", wait, limitMs, { onTimeout: instead });
        const naive = fn(
          "timeout/naive",
          { parts: [wait, instead] },
          async (ctx, input: number) => {
            try {
              return await ctx.get(ctx.timeout(ctx.invoke(wait, input), limitMs));
            } catch {
              return ctx.get(ctx.invoke(instead, input));
            }
          },
        );
        const functions = [record(woke), record(instead)];
        const [one, other] = [
          await measure(split, ms, { functions }),
          await measure(naive, ms, { functions }),
        ];
        expect(one.ended).toEqual(other.ended);
        expect([woke, instead].map((f) => one.run.calls(f).length)).toEqual(
          [woke, instead].map((f) => other.run.calls(f).length),
        );
        expect(one).toMatchObject({ billedMs: 0, beta: 1 });
        expect(other.billedMs).toBe(Math.min(ms, limitMs));
      }),
      { numRuns: 20 },
    ));

  test("calls nothing once it is canceled", async () => {
    const f = withTimeout("timeout/cancelled", wait, 100, { onTimeout: instead });
    const run = await simulate({ functions: [f, record(woke), record(instead)] }, async (t) => {
      const flow = await t.client.start(f, 1000);
      await t.advance(50);
      await t.client.cancel(flow);
      await t.idle();
      return endOf(flow.result());
    });
    expect(run.result).toMatchObject({ code: "CANCELLED" });
    expect([...run.calls(woke), ...run.calls(instead)]).toEqual([]);
  });

  test("rejects wrong options", () => {
    expect(() => withTimeout("timeout/wrong", 5 as never, "1s")).toThrow(
      /INVALID_OPTIONS: function of timeout\/wrong/,
    );
    expect(() => withTimeout("timeout/wrong", wait, "soon" as never)).toThrow(
      /INVALID_DELAY: duration of timeout\/wrong/,
    );
    expect(() => withTimeout("timeout/wrong", wait, "1s", { onTimeout: 5 as never })).toThrow(
      /INVALID_OPTIONS: onTimeout of timeout\/wrong/,
    );
    expect(() => withTimeout("timeout/wrong", wait, "1s", { after: wait } as never)).toThrow(
      /unknown option "after"/,
    );
  });
});
