import fc from "fast-check";
import { embedded, fn, memory } from "handback";
import type { Fn } from "handback";
import { repeat } from "handback/patterns";
import { everyCrash, failing, record, simulate } from "handback/testing";
import { describe, expect, test } from "vitest";
import { endOf, measure } from "./laws/compare.ts";

const add = fn("repeat/add", (_, n: number) => n + 1);

describe("a repetition", () => {
  test.each([
    ["until its output is right", { until: (n: number) => n >= 3 }, 3, 3],
    ["at least once with until", { until: (n: number) => n >= 0 }, 1, 1],
    ["while its output allows it", { while: (n: number) => n < 3 }, 3, 3],
    ["not at all if while is false at first", { while: (n: number) => n > 5 }, 0, 0],
    ["a number of times", { times: 4 }, 4, 4],
    ["at most a number of times with until", { times: 4, until: (n: number) => n === 2 }, 2, 2],
    ["by the number of rounds", { until: (_: number, rounds: number) => rounds === 5 }, 5, 5],
  ])("calls its function %s", async (_, options, expected, rounds) => {
    const { ended, beta, run } = await measure(repeat("repeat/some", add, options), 0, {
      functions: [record(add)],
    });
    expect(ended).toEqual({ value: expected });
    expect(run.calls(add)).toHaveLength(rounds);
    expect(beta).toBe(1);
  });

  test("pauses between rounds, but not before the first or after the last", async () => {
    const at = async (
      pause: number | ((n: number, rounds: number) => number),
    ): Promise<readonly number[]> => {
      const { run } = await measure(repeat("repeat/rests", add, { times: 3, pause }), 0, {
        functions: [record(add)],
      });
      const calls = run.calls(add).map((call) => call.at);
      return calls.map((each) => each - (calls[0] ?? 0));
    };
    expect(await at(1000)).toEqual([0, 1000, 2000]);
    expect(await at((n, rounds) => n * 100 + rounds)).toEqual([0, 101, 303]);
  });

  test("ends with the failure of a round", async () => {
    const { ended } = await measure(repeat("repeat/fails", add, { times: 3 }), 0, {
      functions: [failing(add, new Error("no"))],
    });
    expect(ended).toMatchObject({ code: "FUNCTION_FAILED", message: /repeat\/add failed: no/ });
  });

  test("gives the result of a blocking function, which is billed for its waiting", () =>
    fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 12 }), fc.nat(500), async (times, pause) => {
        const split = repeat("repeat/split", add, { times, pause });
        const naive = fn("repeat/naive", { parts: [add] }, async (ctx, input: number) => {
          let n = input;
          for (let round = 1; round <= times; round++) {
            n = await ctx.get(ctx.invoke(add, n));
            if (round < times) await ctx.get(ctx.sleep(pause));
          }
          return n;
        });
        const [one, other] = [await measure(split, 0), await measure(naive, 0)];
        expect(one.ended).toEqual(other.ended);
        expect(one).toMatchObject({ billedMs: 0, beta: 1 });
        expect(other.billedMs).toBe((times - 1) * pause);
      }),
      { numRuns: 15 },
    ));

  test("needs as much space after many rounds as after few", async () => {
    const f = repeat("repeat/many", add, { until: (n) => n >= 3000 });
    const store = memory();
    const engine = await embedded({ functions: [f], store });
    let most = 0;
    const flow = await engine.client.start(f, 0);
    const result = flow.result();
    const watch = setInterval(() => (most = Math.max(most, store.count().state)), 1);
    expect(await result).toBe(3000);
    clearInterval(watch);
    expect(most).toBeLessThanOrEqual(1);
    expect(store.count().state).toBe(1);
    await engine.close();
  });

  test("gives the same result at whichever commit the process crashes", async () => {
    const f = repeat("repeat/crash", add, { until: (n) => n >= 4, pause: 10 });
    expect((await everyCrash({ functions: [f] }, (t) => t.client.call(f, 0))).run.result).toBe(4);
  });

  test("ends when it is canceled, during a call or a pause", async () => {
    const f: Fn<number, number> = repeat("repeat/endless", add, {
      until: () => false,
      pause: "1s",
    });
    const run = await simulate({ functions: [f, record(add)] }, async (t) => {
      const flow = await t.client.start(f, 0);
      await t.advance("10500ms");
      await t.client.cancel(flow);
      await t.idle();
      return endOf(flow.result());
    });
    expect(run.result).toMatchObject({ code: "CANCELLED" });
    expect(run.calls(add)).toHaveLength(11);
  });

  test.each([
    ["until", () => Promise.resolve(true)],
    ["until", () => undefined],
    ["until", () => 1],
    ["while", () => Promise.resolve(false)],
    ["while", () => undefined],
    ["while", () => 0],
  ])("fails with a clear message if %s does not return a boolean: %o", async (option, answer) => {
    const { ended, run } = await measure(repeat("repeat/vague", add, { [option]: answer }), 0, {
      functions: [record(add)],
    });
    expect(ended).toMatchObject({
      code: "INVALID_OPTIONS",
      message: /what (until|while) of repeat\/vague gave: expected true or false/,
    });
    expect(run.calls(add)).toHaveLength(option === "until" ? 1 : 0);
  });

  test.each([
    [{}, /expected at least one of until, while and times/],
    [{ until: 5 }, /until of repeat\/wrong: expected a function/],
    [{ while: "x" }, /while of repeat\/wrong: expected a function/],
    [{ times: 0 }, /times of repeat\/wrong: expected a whole number from 1/],
    [{ times: 1, pause: "soon" }, /INVALID_DELAY: pause of repeat\/wrong/],
    [{ times: 1, every: 5 }, /unknown option "every"/],
    [null, /options of repeat\/wrong: expected an object/],
  ])("rejects wrong options: %o", (options, message) => {
    expect(() => repeat("repeat/wrong", add, options as never)).toThrow(message);
  });
});
