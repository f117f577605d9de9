import fc from "fast-check";
import { fn, HandbackError } from "handback";
import type { Fn } from "handback";
import { chain, retry, retryLater, terminal } from "handback/patterns";
import type { RetryOptions } from "handback/patterns";
import { everyCrash, failing, record, simulate } from "handback/testing";
import { describe, expect, test } from "vitest";
import { endOf, measure } from "./laws/compare.ts";

const leaf = fn("retry/leaf", (_, n: number) => n + 1);

/** Instants of the runs of `leaf`, in ms after the first. */
async function attempts(
  f: Fn<number, unknown>,
  fails: number | Error,
  seed = 0,
): Promise<{ at: number[]; ended: unknown; beta: number }> {
  const { run, ended, beta } = await measure(f, 1, {
    functions: [record(failing(leaf, fails))],
    seed,
  });
  const calls = run.calls(leaf).map(({ at }) => at);
  return { at: calls.map((at) => at - (calls[0] ?? 0)), ended, beta };
}

describe("a retried function", () => {
  test.each([
    ["three times by default, after 1 s and 2 s", {}, 9, [0, 1000, 3000]],
    ["as often as maxAttempts says", { maxAttempts: 5 }, 9, [0, 1000, 3000, 7000, 15_000]],
    ["not at all", { maxAttempts: 1 }, 9, [0]],
    ["until it succeeds", { maxAttempts: 9 }, 2, [0, 1000, 3000]],
    [
      "with a constant delay",
      { maxAttempts: 4, initialDelay: "10s", factor: 1 },
      9,
      [0, 10_000, 20_000, 30_000],
    ],
    ["up to a longest delay", { maxAttempts: 5, maxDelay: "3s" }, 9, [0, 1000, 3000, 6000, 9000]],
    ["without a delay", { initialDelay: 0 }, 9, [0, 0, 0]],
  ] as const)("is called %s", async (_, options, fails, expected) => {
    const { at, ended, beta } = await attempts(retry("retry/some", leaf, options), fails);
    expect(at).toEqual(expected);
    expect(beta).toBe(1);
    expect(ended).toMatchObject(
      fails < expected.length ? { value: 2 } : { code: "FUNCTION_FAILED", message: /made to fail/ },
    );
  });

  test("has delays shortened by the engine's randomness if there is jitter", () =>
    fc.assert(
      fc.asyncProperty(
        fc.nat(1000),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (seed, jitter) => {
          const f = retry("retry/jitter", leaf, { maxAttempts: 4, jitter });
          const { at } = await attempts(f, 9, seed);
          const pauses = at.slice(1).map((instant, index) => instant - (at[index] ?? 0));
          for (const [index, pause] of pauses.entries()) {
            expect(pause).toBeLessThanOrEqual(1000 * 2 ** index);
            expect(pause).toBeGreaterThanOrEqual(Math.floor(1000 * 2 ** index * (1 - jitter)));
          }
          expect((await attempts(f, 9, seed)).at).toEqual(at);
        },
      ),
      { numRuns: 15 },
    ));

  test.each([
    ["an error thrown by a function", new TypeError("x"), 3],
    ["a terminal error", terminal("never", new Error("why")), 1],
    ["a retryable error of the library", new HandbackError("OVERLOADED", "x"), 3],
    ["another error of the library", new HandbackError("NOT_FOUND", "x"), 1],
    ["an error of user code with a code of the system's", new HandbackError("CANCELLED", "x"), 3],
  ])("is called again, or not, after %s", async (_, error, times) => {
    const { at, ended } = await attempts(retry("retry/after", leaf), error);
    expect(at).toHaveLength(times);
    expect(ended).toMatchObject({
      message: expect.stringContaining(error.message.replace(/^[A-Z_]+: /, "")) as unknown,
    });
  });

  test("is retried by the cause of its failed step, if it is a chain", async () => {
    const fails = async (error: Error): Promise<number> =>
      (await attempts(retry("retry/chain", chain("retry/of", leaf, leaf)), error)).at.length;
    expect([await fails(new Error("x")), await fails(terminal("x"))]).toEqual([3, 1]);
  });

  test("is called again when retryIf says so", async () => {
    const only = (code: string): RetryOptions => ({ retryIf: (failure) => failure.code === code });
    const times = async (options: RetryOptions, error: Error): Promise<number> =>
      (await attempts(retry("retry/if", leaf, options), error)).at.length;
    expect(await times(only("EBUSY"), Object.assign(new Error("busy"), { code: "EBUSY" }))).toBe(3);
    expect(await times(only("EBUSY"), new Error("other"))).toBe(1);
    expect(await times(only("NOT_FOUND"), new HandbackError("NOT_FOUND", "x"))).toBe(3);
  });

  test("is not called again after a cancellation, whatever retryIf says", async () => {
    const gone = fn("retry/gone", (ctx, _: number) => {
      const sleeping = ctx.sleep("1h");
      ctx.cancel(sleeping);
      return sleeping;
    });
    const f = retry("retry/of-gone", gone, { retryIf: () => true });
    const { ended, run } = await measure(f, 1, { functions: [record(gone)] });
    expect(ended).toMatchObject({ code: "CANCELLED" });
    expect(run.calls(gone)).toHaveLength(1);
  });

  test("is called again after the delay that its failure asks for", async () => {
    expect((await attempts(retry("retry/later", leaf), retryLater("1m", "busy"))).at).toEqual([
      0, 60_000, 120_000,
    ]);
    const inChain = retry("retry/later-chain", chain("retry/of", leaf));
    expect((await attempts(inChain, retryLater(5, "busy"))).at).toEqual([0, 5, 10]);
  });

  test.each([
    ["under 0", -5, [0, 1000, 3000]],
    ["that is not a number", "5s", [0, 1000, 3000]],
    ["of more than a hundred years, which is cut", 1e300, [0, 3.2e12, 6.4e12]],
  ])("is not stopped by a requested delay %s", async (_, retryAfterMs, expected) => {
    const wish = new HandbackError("RETRY_LATER", "busy", { details: { retryAfterMs } });
    const { at, ended } = await attempts(retry("retry/wish", leaf), wish);
    expect(at).toEqual(expected);
    expect(ended).toMatchObject({ code: "RETRY_LATER" });
  });

  test.each([() => Promise.resolve(true), () => undefined, () => "yes"])(
    "fails if retryIf does not return a boolean: %o",
    async (answer) => {
      const { at, ended } = await attempts(
        retry("retry/vague", leaf, { retryIf: answer as never }),
        9,
      );
      expect(at).toEqual([0]);
      expect(ended).toMatchObject({
        code: "INVALID_OPTIONS",
        message: /what retryIf of retry\/vague gave: expected true or false/,
      });
    },
  );

  test("has another idempotency key for each attempt", async () => {
    const { run } = await measure(retry("retry/keys", leaf), 1, {
      functions: [record(failing(leaf, 9))],
    });
    expect(new Set(run.calls(leaf).map(({ key }) => key)).size).toBe(3);
  });

  test("gives the same result at whichever commit the process crashes", async () => {
    const f = retry("retry/crash", leaf, { maxAttempts: 4, initialDelay: "1s" });
    const { run } = await everyCrash({ functions: [f, failing(leaf, 2)] }, (t) =>
      endOf(t.client.call(f, 1)),
    );
    expect(run.result).toEqual({ value: 2 });
  });

  test("is not called again once it is canceled, during a call or a delay", async () => {
    for (const at of ["500ms", "1s", "2s"] as const) {
      const f = retry("retry/cancelled", leaf, { maxAttempts: 9 });
      const run = await simulate({ functions: [f, record(failing(leaf, 9))] }, async (t) => {
        const flow = await t.client.start(f, 1);
        await t.advance(at);
        await t.client.cancel(flow);
        const before = await flow.status();
        await t.idle();
        return { ended: await endOf(flow.result()), unhandled: before.unhandled };
      });
      expect(run.result).toMatchObject({ ended: { code: "CANCELLED" }, unhandled: [] });
      expect(run.calls(leaf)).toHaveLength(at === "500ms" ? 1 : 2);
    }
  });

  test.each([
    [{ maxAttempts: 0 }, /INVALID_OPTIONS: maxAttempts of retry\/wrong/],
    [{ factor: 0.5 }, /INVALID_OPTIONS: factor of retry\/wrong/],
    [{ jitter: 2 }, /INVALID_OPTIONS: jitter of retry\/wrong/],
    [{ retryIf: true }, /INVALID_OPTIONS: retryIf of retry\/wrong/],
    [{ initialDelay: "soon" }, /INVALID_DELAY: initialDelay of retry\/wrong/],
    [{ maxDelay: -1 }, /INVALID_DELAY: maxDelay of retry\/wrong/],
    [{ attempts: 3 }, /INVALID_OPTIONS: options of retry\/wrong: unknown option "attempts"/],
  ])("rejects wrong options: %o", (options, message) => {
    expect(() => retry("retry/wrong", leaf, options as never)).toThrow(message);
  });

  test("must be a function", () => {
    expect(() => retry("retry/wrong", 5 as never)).toThrow(
      /INVALID_OPTIONS: function of retry\/wrong: expected a function from fn\(\)/,
    );
    expect(() => retryLater("soon" as never, "")).toThrow(/INVALID_DELAY/);
  });
});

test("a blocking version gives the same result and is billed for waiting", async () => {
  const naive = fn("retry/naive", { parts: [leaf] }, async (ctx, n: number) => {
    for (let number = 1; ; number++) {
      try {
        return await ctx.get(ctx.invoke(leaf, n));
      } catch (error) {
        if (number === 3) throw error;
        await ctx.get(ctx.sleep(1000 * 2 ** (number - 1)));
      }
    }
  });
  for (const fails of [0, 2, 9]) {
    const [split, twin] = [retry("retry/split", leaf), naive];
    const [one, other] = [
      await measure(split, 1, { functions: [failing(leaf, fails)] }),
      await measure(twin, 1, { functions: [failing(leaf, fails)] }),
    ];
    expect(one.ended).toEqual(other.ended);
    expect(one).toMatchObject({ billedMs: 0, beta: 1 });
    expect(other.billedMs).toBe(fails === 0 ? 0 : 3000);
  }
});
