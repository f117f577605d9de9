import fc from "fast-check";
import { embedded, fn, HandbackError, memory } from "handback";
import type { Fn } from "handback";
import { chain, choose, keep, parallel, tap } from "handback/patterns";
import { everyCrash, failing, record, schedules, simulate, slow } from "handback/testing";
import { describe, expect, test } from "vitest";
import { endOf, measure } from "./laws/compare.ts";

const add = fn("chain/add", (_, n: number) => n + 1);
const double = fn("chain/double", (_, n: number) => 2 * n);
const show = fn("chain/show", (_, n: number) => `<${n}>`);
const pair = fn("chain/pair", (_, [a, b]: [number, number]) => `${a},${b}`);
const echo = fn("chain/echo", (_, value: unknown) => value);
const note = fn("chain/note", (_, n: number) => `noted ${n}`);

const valueOf = async <Input>(f: Fn<Input, unknown>, input: Input): Promise<unknown> => {
  const { ended, beta } = await measure(f, input);
  expect(beta).toBe(1);
  return "value" in ended ? ended.value : ended;
};

describe("a chain", () => {
  test.each([
    ["gives each step the output of the one before", chain("chain/last", add, double, show), "<4>"],
    [
      "maps values between steps with plain functions",
      chain(
        "chain/maps",
        add,
        (n) => n * 10,
        (n) => n + 1,
        show,
      ),
      "<21>",
    ],
    [
      "may start and end with a mapping",
      chain(
        "chain/ends",
        (n: number) => n + 1,
        add,
        (n) => [n],
      ),
      [3],
    ],
    [
      "gives a step the results of several earlier steps",
      chain("chain/several", add, keep(double), pair),
      "2,4",
    ],
    [
      "gives a step the results of several functions that run at the same time",
      chain("chain/parallel", parallel(add, double), pair),
      "2,2",
    ],
    [
      "lets a step wait for functions whose results it does not need",
      chain("chain/waits", tap(add, note), tap(double), show),
      "<1>",
    ],
    [
      "chooses one of several functions",
      chain(
        "chain/branch",
        choose({ add, double }, (n) => (n > 5 ? "double" : "add")),
        show,
      ),
      "<2>",
    ],
    [
      "can be a step of another chain",
      chain("chain/outer", chain("chain/inner", add, double), show),
      "<4>",
    ],
    ["may have a single step", chain("chain/single", add), 2],
  ] as const)("%s", async (_, f, expected) => {
    expect(await valueOf(f as Fn<number, unknown>, 1)).toEqual(expected);
  });

  test.each([0, -0, "", false, null, undefined, Number.NaN, [], {}, 0n].map((frail) => [frail]))(
    "passes %o through functions, mappings and all kinds of steps",
    async (frail) => {
      const all = chain(
        "chain/frail",
        echo,
        (value) => value,
        tap(echo),
        keep(echo),
        ([value]) => value,
        parallel(echo, echo),
        ([, value]) => value,
      );
      expect(await valueOf(all, frail)).toStrictEqual(frail);
    },
  );

  test("waits for tapped functions, for as long as the longest takes", async () => {
    const tapped = chain("chain/tapped", tap(add, double), show);
    const { run } = await measure(tapped, 1, {
      functions: [slow(record(add), "1s"), slow(record(double), "3s"), record(show)],
    });
    // A call is recorded when its work is done.
    expect((run.calls(show)[0]?.at ?? 0) - (run.calls(add)[0]?.at ?? 0)).toBe(2000);
    expect(run.calls(show)[0]?.at).toBe(run.calls(double)[0]?.at);
  });

  test("rejects an invalid step at once, with a clear message", () => {
    const promise = Promise.resolve();
    for (const wrong of [5, null, undefined, {}, "chain/add", promise]) {
      expect(() => chain("chain/wrong", add, wrong as never)).toThrow(
        /INVALID_OPTIONS: step 2 of chain\/wrong: expected a function from fn\(\)/,
      );
    }
    expect(() => chain("chain/wrong", ...([] as unknown as [typeof add]))).toThrow(
      /at least one step/,
    );
    expect(() => chain("no-slash", add)).toThrow(/INVALID_NAME/);
    expect(() => parallel(add, 5 as never)).toThrow(
      /parallel: function 2: expected a function from fn\(\)/,
    );
    expect(() => tap(5 as never)).toThrow(/tap: function 1/);
    expect(() => keep(5 as never)).toThrow(/keep: expected/);
    expect(() => choose({ a: 5 as never }, () => "a")).toThrow(/choose: case a/);
    expect(() => chain(Symbol("chain") as never, 5 as never)).toThrow(/INVALID_NAME/);
    expect(() => choose({}, () => "a" as never)).toThrow(/choose: expected at least one case/);
    expect(() => choose({ add }, 5 as never)).toThrow(/names a case, got 5/);
  });
});

describe("a chain that fails", () => {
  const bad = fn("chain/bad", (_, n: number): number => {
    throw new RangeError(`no ${n}`);
  });
  const late = (n: number): number => Promise.resolve(n) as never;

  test.each([
    ["a function", chain("chain/f", add, bad, show), 2, "chain/bad", "no 2"],
    ["a mapping", chain("chain/m", add, () => fail("mapped"), show), 2, "a mapping", "mapped"],
    ["the first mapping", chain("chain/m1", () => fail("first"), show), 1, "a mapping", "first"],
    [
      "one of several that run at the same time",
      chain("chain/p", parallel(add, bad), pair),
      1,
      "parallel(chain/add, chain/bad)",
      "no 1",
    ],
    ["a tapped function", chain("chain/t", add, tap(bad), show), 2, "tap(chain/bad)", "no 2"],
    ["the last step", chain("chain/l", add, add, bad), 3, "chain/bad", "no 3"],
    [
      "a choice",
      chain(
        "chain/c",
        choose({ add }, () => "other" as never),
      ),
      1,
      "choose(chain/add)",
      'choose: expected one of add from select, got "other"',
    ],
    [
      "a mapping that returns a promise",
      chain("chain/pr", late),
      1,
      "a mapping",
      "a plain function returned a promise",
    ],
    [
      "a last mapping whose value cannot be encoded",
      chain("chain/un", add, () => () => 1),
      2,
      "a mapping",
      "cannot keep value",
    ],
  ] as const)("names the step: %s", async (_, f, step, name, why) => {
    const { ended } = await measure(f as Fn<number, unknown>, 1);
    expect(ended).toMatchObject({ code: "STEP_FAILED", details: { step, function: name } });
    expect(ended).toMatchObject({
      message: expect.stringContaining(
        `step ${step} of ${f.type} (${name}) failed: ${why}`,
      ) as unknown,
    });
  });

  test("has the thrown error as its cause, through a chain of chains", async () => {
    const inner = chain("chain/inner", add, bad);
    const outer = chain("chain/outer", inner, show);
    const engine = await embedded({ functions: [outer], store: memory() });
    const error: unknown = await engine.client.call(outer, 1).catch((reason: unknown) => reason);
    expect(HandbackError.is(error, "STEP_FAILED") && error.failure).toMatchObject({
      function: "chain/outer",
      details: { step: 1, function: "chain/inner" },
      cause: {
        code: "STEP_FAILED",
        function: "chain/inner",
        cause: { name: "RangeError", message: "no 2", function: "chain/bad" },
      },
    });
    expect(error).toMatchObject({
      cause: { code: "STEP_FAILED", cause: { name: "RangeError", message: "no 2" } },
    });
    await engine.close();
  });

  test("calls no later step, and cancels functions beside the failed step", async () => {
    const waiting = fn("chain/waiting", (ctx, _: number) => ctx.onComplete(ctx.sleep("1h"), never));
    const never = fn("chain/never", () => 1);
    const f = chain("chain/stops", parallel(waiting, bad), pair);
    const { run, ended } = await measure(f as Fn<number, unknown>, 1, {
      functions: [record(never), record(pair)],
    });
    expect(ended).toMatchObject({ code: "STEP_FAILED" });
    expect([...run.calls(never), ...run.calls(pair)]).toEqual([]);
  });
});

describe("a chain compared with a function that blocks on each step", () => {
  /** A chain of slow steps. The step at `failsAt` fails. */
  const make = (times: readonly number[], failsAt: number) => {
    const steps = times.map((_, at) =>
      fn(`twin/s${at}`, (_, log: readonly number[]): readonly number[] => [...log, at]),
    );
    const [first, ...rest] = steps as [Fn<readonly number[], readonly number[]>, ...never[]];
    const split = chain("twin/split", first, ...rest);
    const naive = fn("twin/naive", { parts: steps }, async (ctx, input: readonly number[]) => {
      let log = input;
      for (const step of steps) log = await ctx.get(ctx.invoke(step, log));
      return log;
    });
    const functions = steps.map((step, at) =>
      slow(record(at === failsAt ? failing(step, new Error("on purpose")) : step), times[at] ?? 0),
    );
    return { split, naive, steps, functions };
  };

  test("has the same result and calls, and half the bill", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(5000), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: -5, max: 7 }),
        async (times, failsAt) => {
          const { split, naive, steps, functions } = make(times, failsAt);
          const [one, other] = [
            await measure(split, [], { functions }),
            await measure(naive, [], { functions }),
          ];
          const done = failsAt < 0 || failsAt >= times.length ? times : times.slice(0, failsAt + 1);
          const sum = done.reduce((total, ms) => total + ms, 0);
          expect(steps.map((step) => one.run.calls(step).map(({ input }) => input))).toEqual(
            steps.map((step) => other.run.calls(step).map(({ input }) => input)),
          );
          if ("value" in other.ended) expect(one.ended).toEqual(other.ended);
          else
            expect(one.ended).toMatchObject({
              code: "STEP_FAILED",
              details: { step: failsAt + 1 },
            });
          expect(one).toMatchObject({ billedMs: sum, blockedMs: 0, beta: 1 });
          expect(other).toMatchObject({ billedMs: 2 * sum, blockedMs: sum });
        },
      ),
      { numRuns: 30 },
    ));
});

describe("a chain through crashes and cancellation", () => {
  const work = chain(
    "chain/work",
    add,
    (n) => n * 3,
    tap(note),
    keep(double),
    pair,
    choose({ echo }, () => "echo"),
  );

  test("gives the same result at whichever commit the process crashes", async () => {
    const { run, points } = await everyCrash({ functions: [work] }, (t) => t.client.call(work, 1));
    expect(run.result).toBe("6,12");
    expect(points).toBeGreaterThan(15);
  });

  test("gives the same result under every schedule", () =>
    fc.assert(
      fc.asyncProperty(schedules(), async (schedule) => {
        expect(
          (await simulate({ functions: [work], schedule }, (t) => t.client.call(work, 1))).result,
        ).toBe("6,12");
      }),
      { numRuns: 40 },
    ));

  test("ends at once when it is canceled, and starts nothing afterwards", async () => {
    const steps = [add, double, echo].map((f) => slow(record(f as Fn<number, number>), "10s"));
    const f = chain("chain/cancelled", add, (n) => n, double, echo);
    for (const at of [0, 5, 10, 15, 25, 29]) {
      const run = await simulate({ functions: [f, ...steps] }, async (t) => {
        const flow = await t.client.start(f, 1, { id: "flow" });
        await t.advance(`${at}s`);
        expect(await t.client.cancel(flow)).toBe(true);
        const ended = await endOf(flow.result());
        const status = await flow.status();
        await t.idle();
        return { ended, unhandled: status.unhandled };
      });
      expect(run.result).toMatchObject({ ended: { code: "CANCELLED" }, unhandled: [] });
      expect([add, double, echo].map((step) => run.calls(step).length)).toEqual([
        1,
        at >= 10 ? 1 : 0,
        at >= 20 ? 1 : 0,
      ]);
    }
  });

  test("passes a cancellation of a step on unchanged", async () => {
    const quits = fn("chain/quits", (ctx, n: number) => {
      const work = ctx.invoke(add, n);
      ctx.cancel(work);
      return work;
    });
    const { ended, run } = await measure(chain("chain/quit", quits, add, show), 1, {
      functions: [record(add)],
    });
    expect(ended).toMatchObject({ code: "CANCELLED" });
    expect(run.calls(add)).toEqual([]);
  });

  test("work parked by a version with other steps waits until that version is back", async () => {
    const wait = fn("chain/wait", (ctx, n: number) => ctx.onComplete(ctx.sleep("1h"), slept, n));
    const slept = fn("chain/slept", (_, { args: n }: { result: void; args: number }) => n);
    const before = chain("chain/deployed", wait, add, show);
    const after = chain("chain/deployed", wait, show);
    let version: Fn<number, string> = before;
    const functions = (): readonly object[] => [version, wait, slept];
    await simulate({ functions }, async (t) => {
      const flow = await t.client.start(before, 1);
      await t.advance("1m");
      version = after;
      await t.crash();
      await t.advance("2h");
      expect((await flow.status()).status).toBe("pending");
      version = before;
      await t.crash();
      expect(await flow.result()).toBe("<2>");
    });
  });
});

function fail(why: string): never {
  throw new Error(why);
}
