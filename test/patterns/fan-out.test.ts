import fc from "fast-check";
import { embedded, fn, HandbackError, memory } from "handback";
import type { Fn, Future } from "handback";
import { fanOut } from "handback/patterns";
import type { FanOutReport } from "handback/patterns";
import { everyCrash, record, schedules, simulate } from "handback/testing";
import { describe, expect, test } from "vitest";
import { VirtualClock } from "../../src/testing/simulation/machine/virtual-clock.ts";
import { HeldStore } from "../durability/support/held-store.ts";
import { endOf, measure } from "./laws/compare.ts";

const square = fn("fan/square", (_, n: number) => n * n);
const upTo = fn("fan/up-to", (_, n: number) => Array.from({ length: n }, (_, at) => at));
const sum = fn("fan/sum", (_, all: readonly number[]) =>
  all.reduce((total, each) => total + each, 0),
);

/** The task of a branch: wait this long, then fail or return its number. */
interface Order {
  readonly n: number;
  readonly ms: number;
  readonly fails?: boolean;
}
const over = fn("fan/over", (_, { args: { n, fails } }: { result: void; args: Order }): number => {
  if (fails === true) throw new Error(`branch ${n}`);
  return n;
});
const branch = fn("fan/branch", { parts: [over] }, (ctx, order: Order): Future<number> =>
  ctx.onComplete(ctx.sleep(order.ms), over, order),
);
const orders = (...list: readonly (number | [ms: number])[]): Order[] =>
  list.map((each, n) =>
    typeof each === "number" ? { n, ms: each } : { n, ms: each[0], fails: true },
  );

const outcome = (report: FanOutReport<number>): unknown => [
  report.reason,
  ...report.branches.map((each) =>
    each.status === "fulfilled"
      ? each.value
      : each.status === "rejected"
        ? each.reason.message
        : "-",
  ),
];

describe.each([
  ["all at once", undefined],
  ["two at a time", 2],
  ["one at a time", 1],
  ["with a limit above the number of items", 1000],
])("a fan-out, %s", (_, limit) => {
  const concurrency = limit === undefined ? {} : { concurrency: limit };
  const total = fanOut("fan/total", { split: upTo, each: square, join: sum, ...concurrency });
  const list = fanOut("fan/list", { each: branch, ...concurrency });
  const settle = fanOut("fan/settle", {
    each: branch,
    onFailure: "settle",
    join: outcome,
    ...concurrency,
  });

  test.each([0, 1, 2, 15, 16, 17, 33, 100])(
    "joins %d branches in the order of their items",
    async (n) => {
      const plain = fanOut("fan/plain", {
        split: (n: number) => Array.from({ length: n }, (_, at) => at),
        each: square,
        ...concurrency,
      });
      const { ended, beta, run } = await measure(plain, n, { functions: [record(square)] });
      expect(ended).toEqual({ value: Array.from({ length: n }, (_, at) => at * at) });
      expect(run.calls(square)).toHaveLength(n);
      expect(beta).toBe(1);
      expect(await run.states()).toEqual([]);
      expect((await measure(total, n)).ended).toEqual({
        value: Array.from({ length: n }, (_, at) => at * at).reduce((a, b) => a + b, 0),
      });
    },
  );

  test("keeps falsy results and the order of the items", async () => {
    expect((await measure(list, orders(50, 10, 40, 20, 30))).ended).toEqual({
      value: [0, 1, 2, 3, 4],
    });
    const echo = fn("fan/echo", (_, value: unknown) => value);
    const falsy = [0, "", false, null, undefined, Number.NaN];
    expect(
      (await measure(fanOut("fan/falsy", { each: echo, ...concurrency }), falsy)).ended,
    ).toStrictEqual({ value: falsy });
  });

  test("treats a gap in the list of items as undefined", async () => {
    const kind = fn("fan/kind", (_, value: unknown) => typeof value);
    const f = fanOut("fan/gap", { split: (_: void) => [1, , 3], each: kind, ...concurrency }); // oxlint-disable-line no-sparse-arrays
    expect((await measure(f, undefined)).ended).toEqual({
      value: ["number", "undefined", "number"],
    });
  });

  test("fails with the first failure unchanged, and cancels the other branches", async () => {
    const { ended, run } = await measure(list, orders(50, [10], [9], 3000), {
      functions: [record(over)],
    });
    expect(ended).toMatchObject({
      code: "FUNCTION_FAILED",
      message: expect.stringMatching(/fan\/over failed: branch [12]/) as unknown,
    });
    expect(run.calls(over).filter(({ at }) => at >= 1000 + (run.trace[0]?.at ?? 0))).toEqual([]);
    expect(await run.states()).toEqual([]);
    expect((await run.meter.flow("flow")).final).toBe(true);
  });

  test("reports the outcome of each branch with settle", async () => {
    expect((await measure(settle, orders(50, [10], 20, [30]))).ended).toEqual({
      value: ["completed", 0, "branch 1", 2, "branch 3"],
    });
    expect((await measure(settle, [])).ended).toEqual({ value: ["completed"] });
  });

  test("goes on when a branch rejects with its own cancellation", async () => {
    const quits = fn("fan/quits", { parts: [square] }, (ctx, n: number): Future<number> => {
      const work = ctx.invoke(square, n);
      if (n % 2 === 1) ctx.cancel(work);
      return work;
    });
    const f = fanOut("fan/quitting", {
      each: quits,
      onFailure: "settle",
      join: outcome,
      ...concurrency,
    });
    const { ended } = await measure(f, [1, 2, 3, 4, 5]);
    expect(ended).toEqual({
      value: [
        "completed",
        "the future was cancelled",
        4,
        "the future was cancelled",
        16,
        "the future was cancelled",
      ],
    });
  });

  test("fails when split or join fails, or items are not a list", async () => {
    const no = fn("fan/no", (): number[] => {
      throw new Error("no");
    });
    const cases = [
      fanOut("fan/a", { split: no, each: square, ...concurrency }),
      fanOut("fan/b", { split: () => 5 as unknown as number[], each: square, ...concurrency }),
      fanOut("fan/c", {
        split: upTo,
        each: square,
        join: () => JSON.parse("{") as number,
        ...concurrency,
      }),
      fanOut("fan/d", {
        split: upTo,
        each: square,
        join: no as Fn<unknown, number[]>,
        ...concurrency,
      }),
    ] as readonly Fn<number, unknown>[];
    const ends = await Promise.all(cases.map((f) => measure(f, 3)));
    expect(ends.map(({ ended }) => "message" in ended && ended.message)).toEqual([
      "FUNCTION_FAILED: fan/no failed: no",
      expect.stringContaining("INVALID_OPTIONS: items of fan/b: expected a list, got 5"),
      expect.stringContaining("JSON"),
      "FUNCTION_FAILED: fan/no failed: no",
    ]);
  });

  test("gives the same result at every crash, and leaves nothing behind", async () => {
    const { run } = await everyCrash({ functions: [settle] }, (t) =>
      t.client.call(settle, orders(5, [5], 1, 5)),
    );
    expect(run.result).toEqual(["completed", 0, "branch 1", 2, 3]);
    expect(await run.states()).toEqual([]);
  });

  test("gives the same result under every schedule", () =>
    fc.assert(
      fc.asyncProperty(schedules(), async (schedule) => {
        const run = await simulate({ functions: [settle], schedule }, (t) =>
          t.client.call(settle, orders(5, [5], 1, 5, 0, 2)),
        );
        expect(run.result).toEqual(["completed", 0, "branch 1", 2, 3, 4, 5]);
      }),
      { numRuns: 25 },
    ));

  test("starts nothing and leaves nothing behind when it is canceled at any moment", async () => {
    for (const at of [0, 5, 10, 15, 20, 25]) {
      const run = await simulate({ functions: [list, record(over)] }, async (t) => {
        const flow = await t.client.start(list, orders(10, 20, 10, 20, 30), { id: "flow" });
        await t.advance(at);
        const cancelled = await t.client.cancel(flow);
        await t.idle();
        return {
          cancelled,
          ended: await endOf(flow.result()),
          unhandled: (await flow.status()).unhandled,
        };
      });
      if (!run.result.cancelled) continue;
      expect(run.result).toMatchObject({ ended: { code: "CANCELLED" }, unhandled: [] });
      expect(run.calls(over).every((call) => call.at <= (run.trace[0]?.at ?? 0) + at)).toBe(true);
      expect(await run.states()).toEqual([]);
    }
  });
});

describe("a window over many pages", () => {
  const settle = fanOut("fan/settle", {
    each: branch,
    onFailure: "settle",
    join: outcome,
    concurrency: 6,
  });

  test("gives the same result at every crash, and leaves nothing behind", async () => {
    const items = Array.from({ length: 20 }, (_, at) => (at === 17 ? [1] : 1) as number | [number]);
    const { run } = await everyCrash({ functions: [settle] }, (t) =>
      t.client.call(settle, orders(...items)),
    );
    expect(run.result).toEqual([
      "completed",
      ...items.map((_, at) => (at === 17 ? "branch 17" : at)),
    ]);
    expect(await run.states()).toEqual([]);
  });

  test("keeps the order when workers ask for items that have not arrived yet", async () => {
    const items = Array.from({ length: 100 }, (_, at) => (at * 7) % 11);
    const f = fanOut("fan/wide", { each: branch, concurrency: 40 });
    expect((await measure(f, orders(...items))).ended).toEqual({ value: items.map((_, at) => at) });
  });

  test.each([3, 50])(
    "leaves nothing of %d branches behind when it is canceled at any moment, even while closing",
    async (count) => {
      const few = fanOut("fan/few", { each: branch, concurrency: Math.min(6, count - 1) });
      for (let at = 0; at < 80; at++) {
        const clock = new VirtualClock();
        const content = memory();
        const engine = await embedded({
          functions: [few],
          store: new HeldStore(content, () => clock.work(3)),
          clock,
        });
        const flow = await clock.until(
          engine.client.start(few, orders(...Array.from({ length: count }, (_, n) => n % 7)), {
            id: "flow",
          }),
        );
        await clock.advance(at);
        const cancelled = await clock.until(engine.client.cancel(flow));
        await clock.advance(1000);
        expect(await flow.status()).toMatchObject({
          status: cancelled ? "cancelled" : "completed",
          unhandled: [],
        });
        // The record of the flow remains.
        expect({ at, ...content.count() }).toMatchObject({
          at,
          state: 1,
          messages: 0,
          delayed: 0,
          watches: 0,
          dead: 0,
        });
        await clock.until(engine.close());
      }
    },
  );
});

describe("the limit of a fan-out", () => {
  /** Runs branches of random lengths. Returns how many ran at a time at most, and the total time. */
  async function peak(
    times: readonly number[],
    concurrency: number,
  ): Promise<{ most: number; ms: number }> {
    const clock = new VirtualClock();
    let [now, most] = [0, 0];
    const enter = fn("limit/enter", (ctx, ms: number) => {
      most = Math.max(most, ++now);
      return ctx.onComplete(ctx.sleep(ms), leave);
    });
    const leave = fn("limit/leave", () => --now);
    const f = fanOut("limit/fan", { each: enter, concurrency });
    const engine = await embedded({ functions: [f, leave], store: memory(), clock });
    const start = clock.now();
    await clock.until(engine.client.call(f, times));
    const ms = clock.now() - start;
    await clock.until(engine.close());
    return { most, ms };
  }

  /** Returns the time that a pool of workers needs if each takes the next item once it is free. */
  function pool(times: readonly number[], size: number): number {
    const free = Array.from({ length: size }, () => 0);
    for (const ms of times) free[free.indexOf(Math.min(...free))]! += ms;
    return Math.max(...free);
  }

  test("counts waiting branches and keeps every worker busy", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 8 }),
        async (times, limit) => {
          expect(await peak(times, limit)).toEqual({
            most: Math.min(limit, times.length),
            ms: pool(times, limit),
          });
        },
      ),
      { numRuns: 40 },
    ));
});

describe("the failure policies of a fan-out, as AWS Step Functions documents them for Map", () => {
  const four = (...list: readonly (number | [number])[]): Order[] => orders(...list);

  test.each([
    [
      "fewer failures than tolerated",
      { onFailure: { tolerate: 2 } },
      four([1], [2], 3, 4),
      ["completed", "branch 0", "branch 1", 2, 3],
    ],
    [
      "one failure more than tolerated",
      { onFailure: { tolerate: 1 } },
      four([1], [2], 3000, 4),
      "BRANCHES_FAILED",
    ],
    [
      "a share that is not exceeded",
      { onFailure: { tolerate: "50%" } },
      four([1], [2], 3, 4),
      ["completed", "branch 0", "branch 1", 2, 3],
    ],
    [
      "a share that is exceeded",
      { onFailure: { tolerate: "49.9%" } },
      four([1], [2], 3, 4),
      "BRANCHES_FAILED",
    ],
    [
      "no failures tolerated, no failure",
      { onFailure: { tolerate: 0 } },
      four(1, 2),
      ["completed", 0, 1],
    ],
    [
      "no failures tolerated, one failure",
      { onFailure: { tolerate: "0%" } },
      four(1, [2]),
      "BRANCHES_FAILED",
    ],
    [
      "all failures tolerated",
      { onFailure: { tolerate: "100%" } },
      four([1], [2]),
      ["completed", "branch 0", "branch 1"],
    ],
    ["enough successes", { enough: 2 }, four(3000, 2, [1], 3), ["enough", "-", 1, "branch 2", 3]],
    ["all branches are needed", { enough: 2 }, four(1, 2), ["enough", 0, 1]],
    [
      "enough successes are no longer possible",
      { enough: 3 },
      four(3000, [2], [1], 3),
      "BRANCHES_FAILED",
    ],
    [
      "enough, before too many failures",
      { enough: 2, onFailure: { tolerate: 1 } },
      four(1, [2], 3, [4]),
      ["enough", 0, "branch 1", 2, "-"],
    ],
    [
      "too many failures, before enough",
      { enough: 2, onFailure: { tolerate: 1 } },
      four([1], [2], 3, 4),
      "BRANCHES_FAILED",
    ],
    ["no success needed", { enough: 0 }, four(1, 2), ["enough", "-", "-"]],
    ["no branches, no success needed", { enough: 0 }, [], ["enough"]],
    ["no branches, some successes needed", { enough: 1 }, [], "BRANCHES_FAILED"],
    ["no branches, no failures tolerated", { onFailure: { tolerate: 0 } }, [], ["completed"]],
  ] as const)("%s", async (_, policy, items, expected) => {
    for (const concurrency of [undefined, 4]) {
      const f = fanOut("policy/fan", {
        each: branch,
        join: outcome,
        ...policy,
        ...(concurrency !== undefined && { concurrency }),
      } as never);
      const { ended, run } = await measure(f as Fn<readonly Order[], unknown>, items);
      if (expected === "BRANCHES_FAILED") expect(ended).toMatchObject({ code: expected });
      else expect(ended).toEqual({ value: expected });
      expect(await run.states()).toEqual([]);
    }
  });

  test("has the counts and the last cause in its failure", async () => {
    const f = fanOut("policy/fan", { each: branch, onFailure: { tolerate: 1 } });
    const engine = await embedded({ functions: [f], store: memory() });
    const error: unknown = await engine.client
      .call(f, orders(0, [20], [40], 60_000))
      .catch((reason: unknown) => reason);
    expect(HandbackError.is(error, "BRANCHES_FAILED") && error.failure).toMatchObject({
      message: "2 of 4 branches of policy/fan failed, and 1 succeeded",
      details: { branches: 4, succeeded: 1, failed: 2 },
      cause: { message: "branch 2" },
    });
    await engine.close();
  });
});

describe("a fan-out compared with a function that blocks until all branches are done", () => {
  test("has the same result and calls, and bills once", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(2000), { maxLength: 20 }),
        fc.constantFrom(undefined, 1, 3),
        async (times, limit) => {
          const functions = (clock: VirtualClock) => {
            const work = fn("twin/work", async (_, ms: number) => {
              await clock.work(ms);
              return ms;
            });
            const split = fanOut("twin/split", {
              each: work,
              join: sum,
              ...(limit !== undefined && { concurrency: limit }),
            });
            const naive = fn(
              "twin/naive",
              { parts: [work, sum] },
              async (ctx, items: readonly number[]) => {
                const results = await Promise.all(items.map((ms) => ctx.get(ctx.invoke(work, ms))));
                return ctx.get(ctx.invoke(sum, results));
              },
            );
            return { split, naive };
          };
          const clock = new VirtualClock();
          const { split, naive } = functions(clock);
          const engine = await embedded({ functions: [split, naive], store: memory(), clock });
          const results = [];
          for (const f of [split, naive])
            results.push(await clock.until(engine.client.call(f, times, { id: f.type })));
          const [one, other] = [
            await clock.until(engine.meter.flow(split.type)),
            await clock.until(engine.meter.flow(naive.type)),
          ];
          await clock.until(engine.close());
          const [all, longest] = [times.reduce((a, b) => a + b, 0), Math.max(0, ...times)];
          expect(results[0]).toEqual(results[1]);
          expect(one).toMatchObject({ billedMs: all, blockedMs: 0, beta: 1, final: true });
          expect(other).toMatchObject({ billedMs: all + longest, blockedMs: longest });
        },
      ),
      { numRuns: 25 },
    ));
});

test("a fan-out can have branches that are fan-outs, each with a limit", async () => {
  const row = fanOut("nest/row", { split: upTo, each: square, join: sum, concurrency: 2 });
  const table = fanOut("nest/table", { split: upTo, each: row, join: sum, concurrency: 3 });
  const cube = fanOut("nest/cube", { split: upTo, each: table, join: sum });
  const { ended, beta, run } = await measure(cube, 5);
  const s = (n: number, f: (at: number) => number): number =>
    Array.from({ length: n }, (_, at) => f(at)).reduce((a, b) => a + b, 0);
  expect(ended).toEqual({ value: s(5, (a) => s(a, (b) => s(b, (c) => c * c))) });
  expect(beta).toBe(1);
  expect(await run.states()).toEqual([]);
});

test("the cost of a branch does not grow with their number", async () => {
  const engine = await embedded({
    functions: [
      fanOut("cost/all", { each: square, join: sum }),
      fanOut("cost/ten", { each: square, join: sum, concurrency: 10 }),
    ],
    store: memory(),
  });
  const runs = (flow: string): Promise<number> => engine.meter.flow(flow).then((bill) => bill.runs);
  for (const type of ["cost/all", "cost/ten"]) {
    const f = {
      all: fanOut("cost/all", { each: square, join: sum }),
      ten: fanOut("cost/ten", { each: square, join: sum, concurrency: 10 }),
    };
    const counts: number[] = [];
    for (const n of [100, 1000]) {
      const items = Array.from({ length: n }, (_, at) => at);
      await engine.client.call(type === "cost/all" ? f.all : f.ten, items, { id: `${type}-${n}` });
      await expect
        .poll(() => engine.meter.flow(`${type}-${n}`).then((bill) => bill.final))
        .toBe(true);
      counts.push((await runs(`${type}-${n}`)) / n);
    }
    const [few = 0, many = 0] = counts;
    expect(many).toBeLessThanOrEqual(few);
    expect(many).toBeLessThan(type === "cost/all" ? 1.1 : 2.2);
  }
  await engine.close();
});

test("a fan-out joins a hundred thousand branches", async () => {
  const f = fanOut("many/fan", { split: upTo, each: square, join: sum });
  const engine = await embedded({ functions: [f], store: memory() });
  expect(await engine.client.call(f, 100_000, { id: "many" })).toBe(333_328_333_350_000);
  expect(await engine.meter.flow("many")).toMatchObject({ blockedMs: 0, beta: 1 });
  await engine.close();
});

test.each([
  [{ each: 5 }, /each of fan\/wrong: expected a function from fn\(\)/],
  [{}, /each of fan\/wrong/],
  [{ each: square, split: 5 }, /split of fan\/wrong/],
  [{ each: square, join: {} }, /join of fan\/wrong/],
  [
    { each: square, concurrency: 0 },
    /concurrency of fan\/wrong: expected a whole number from 1, or Infinity, got 0/,
  ],
  [{ each: square, concurrency: 1.5 }, /got 1.5/],
  [{ each: square, concurrency: "2" }, /got "2"/],
  [{ each: square, onFailure: "ignore" }, /onFailure of fan\/wrong: expected "cancel", "settle"/],
  [{ each: square, onFailure: { tolerate: -1 } }, /onFailure.* of fan\/wrong/],
  [{ each: square, onFailure: { tolerate: "200%" } }, /onFailure.* of fan\/wrong/],
  [{ each: square, onFailure: { tolerate: "a few" } }, /onFailure.* of fan\/wrong/],
  [
    { each: square, onFailure: { tolerate: 1, most: 2 } },
    /onFailure of fan\/wrong: unknown option "most"/,
  ],
  [{ each: square, onFailure: null }, /onFailure of fan\/wrong: expected "cancel", "settle"/],
  [{ each: square, enough: -1 }, /enough of fan\/wrong: expected a whole number from 0/],
  [{ each: square, limit: 5 }, /unknown option "limit"/],
  [5, /expected an object/],
])("wrong options are rejected: %o", (options, message) => {
  expect(() => fanOut("fan/wrong", options as never)).toThrow(message);
  expect(() => fanOut("fan/wrong", options as never)).toThrow(/INVALID_OPTIONS/);
});
