import fc from "fast-check";
import { embedded, fn, memory, stateful, value } from "handback";
import type { Context, Fn } from "handback";
import { monitor } from "handback/patterns";
import type { MonitorOptions } from "handback/patterns";
import {
  everyCrash,
  expectNoDoubleBilling,
  failing,
  mock,
  record,
  simulate,
  slow,
} from "handback/testing";
import { describe, expect, test } from "vitest";
import { VirtualClock } from "../../src/testing/simulation/machine/virtual-clock.ts";
import { onMemory, onPoorestLosing, onSqlite } from "../conformance/host.ts";
import { endOf, measure } from "./laws/compare.ts";

type Job = { readonly deadline?: number; readonly step?: number };

const BEGIN = VirtualClock.startAt;
const check = fn("mon/check", (_, _job: Job) => 0);
const terminate = fn("mon/terminate", (_, _job: Job) => "stopped" as const);

/**
 * Runs a monitor whose check returns 1, 2, 3, ... Returns its end, the time of the end, and the times
 * of the checks, in seconds.
 */
async function watched(
  options: Partial<MonitorOptions<Job, number, "stopped">>,
  { job = {}, work = 0, functions = [] as readonly object[] } = {},
) {
  let seen = 0;
  const watch = monitor("mon/watch", {
    check,
    until: (n: number) => n === 100,
    every: "30s",
    ...options,
  });
  const checks: number[] = [];
  const stub = mock(check, (ctx) => {
    checks.push((ctx.now() - BEGIN) / 1000);
    return ++seen;
  });
  const run = await simulate(
    {
      functions: [
        watch,
        work === 0 ? stub : slow(stub, work),
        ...(functions.length > 0 ? functions : [record(terminate)]),
      ],
    },
    async (t) => {
      const flow = await t.client.start(watch, job, { id: "flow" });
      const ended = await endOf(flow.result());
      return { ended, at: (t.clock.now() - BEGIN) / 1000 };
    },
  );
  await expectNoDoubleBilling(run);
  return { ...run.result, checks, run };
}

describe("a monitor", () => {
  test.each([
    [
      "checks first, then waits",
      { until: (n: number) => n === 1 },
      [0],
      { status: "done", value: 1, checks: 1 },
    ],
    [
      "checks again after each delay",
      { until: (n: number) => n === 3 },
      [0, 30, 60],
      { status: "done", value: 3, checks: 3 },
    ],
    [
      "grows its delays",
      { until: (n: number) => n === 5, backoff: 2 },
      [0, 30, 90, 210, 450],
      { status: "done", value: 5, checks: 5 },
    ],
    [
      "grows its delays up to the longest",
      { until: (n: number) => n === 5, backoff: 2, maxDelay: "1m" },
      [0, 30, 90, 150, 210],
      { status: "done", value: 5, checks: 5 },
    ],
    [
      "stops after its number of checks, without another delay",
      { attempts: 3 },
      [0, 30, 60],
      { status: "expired", reason: "attempts", last: 3, checks: 3 },
    ],
    [
      "may have no delays",
      { until: (n: number) => n === 3, every: 0 },
      [0, 0, 0],
      { status: "done", value: 3, checks: 3 },
    ],
    [
      "is done if its last allowed check says so",
      { attempts: 3, until: (n: number) => n === 3 },
      [0, 30, 60],
      { status: "done", value: 3, checks: 3 },
    ],
    [
      "can wait for a falsy value",
      { until: (n: number) => !(n < 2) },
      [0, 30],
      { status: "done", value: 2, checks: 2 },
    ],
  ] as const)("%s", async (_, options, checks, value) => {
    const got = await watched(options);
    expect([got.checks, got.ended]).toEqual([checks, { value }]);
  });

  test("waits between the end of a check and the start of the next", async () => {
    // A mock is recorded after its work.
    expect((await watched({ until: (n) => n === 3 }, { work: 10_000 })).checks).toEqual([
      10, 50, 90,
    ]);
  });

  test("carries input from one check to the next", async () => {
    const steps: unknown[] = [];
    const page = fn("mon/page", (_, { step = 0 }: Job) => step + 1);
    const watch = monitor("mon/watch", {
      check: page,
      every: "1s",
      until: (n) => n === 4,
      carry: (job, n) => (steps.push(job), { ...job, step: n }),
    });
    expect((await measure(watch, {})).ended).toEqual({
      value: { status: "done", value: 4, checks: 4 },
    });
    expect(steps).toEqual([{}, { step: 1 }, { step: 2 }]);
  });

  test("runs all stateful checks and onDeadline on one state", async () => {
    const job = stateful("mon/job", {
      state: { looks: value(0) },
      handlers: {
        look: (ctx, _job: Job) => ++ctx.state.looks,
        stop: (ctx, _job: Job) => `stopped after ${ctx.state.looks}`,
      },
    });
    const rules = { check: job.look, every: "30s" } as const;
    const done = monitor("mon/done", { ...rules, until: (looks) => looks === 3, attempts: 9 });
    const stopped = monitor("mon/stopped", {
      ...rules,
      until: () => false,
      attempts: 4,
      onDeadline: job.stop,
    });
    expect((await measure(done, {})).ended).toMatchObject({ value: { status: "done", checks: 3 } });
    expect((await measure(stopped, {})).ended).toMatchObject({
      value: { status: "expired", value: "stopped after 4" },
    });
  });

  test("shortens its delays at random, and equally for the same seed", async () => {
    const pauses = async (seed: number) => {
      const at: number[] = [];
      let seen = 0;
      const stub = mock(check, (ctx: Pick<Context, "now">) => (at.push(ctx.now()), ++seen));
      const watch = monitor("mon/watch", {
        check,
        until: (n) => n === 20,
        every: "10s",
        jitter: 0.5,
      });
      await simulate({ functions: [watch, stub], seed }, (t) => t.client.call(watch, {}));
      return at.slice(1).map((instant, index) => instant - (at[index] ?? 0));
    };
    const first = await pauses(1);
    expect(await pauses(1)).toEqual(first);
    expect(await pauses(2)).not.toEqual(first);
    expect(first.every((ms) => ms >= 5_000 && ms <= 10_000)).toBe(true);
    expect(new Set(first).size).toBeGreaterThan(10);
  });
});

describe("a monitor with a deadline", () => {
  const due = (seconds: number) => ({ deadline: (): Date => new Date(BEGIN + seconds * 1000) });

  test.each([
    [
      "ends at the deadline, in the middle of a delay",
      due(45),
      0,
      [0, 30],
      45,
      { status: "expired", reason: "deadline", last: 2, checks: 2 },
    ],
    [
      "makes no check at the deadline",
      due(60),
      0,
      [0, 30],
      60,
      { status: "expired", reason: "deadline", last: 2, checks: 2 },
    ],
    [
      "cancels a running check",
      due(60),
      20_000,
      [20, 70],
      60,
      { status: "expired", reason: "deadline", last: 1, checks: 2 },
    ],
    [
      "cancels the first check",
      due(5),
      20_000,
      [20],
      5,
      { status: "expired", reason: "deadline", checks: 1 },
    ],
    [
      "makes a last check at the deadline if there is grace",
      { ...due(45), grace: "10s" },
      0,
      [0, 30, 45],
      45,
      { status: "expired", reason: "deadline", last: 3, checks: 3 },
    ],
    [
      "cancels the last check when the grace is over",
      { ...due(45), grace: "10s" },
      20_000,
      [20, 65],
      55,
      { status: "expired", reason: "deadline", last: 1, checks: 2 },
    ],
    [
      "uses a check that was running at the deadline and ends within the grace",
      { ...due(45), grace: "10s", until: (n: number) => n === 2 },
      11_000,
      [11, 52],
      52,
      { status: "done", value: 2, checks: 2 },
    ],
    [
      "is done if the check at the deadline says so",
      { ...due(45), grace: "10s", until: (n: number) => n === 3 },
      0,
      [0, 30, 45],
      45,
      { status: "done", value: 3, checks: 3 },
    ],
    [
      "starts nothing if the deadline has passed",
      due(0),
      0,
      [],
      0,
      { status: "expired", reason: "deadline", checks: 0 },
    ],
    [
      "goes on without a deadline",
      { deadline: (): undefined => undefined, until: (n: number) => n === 9 },
      0,
      [0, 30, 60, 90, 120, 150, 180, 210, 240],
      240,
      { status: "done", value: 9, checks: 9 },
    ],
  ] as const)("%s", async (_, options, work, checks, at, value) => {
    const got = await watched(options, { work });
    expect([got.ended, got.checks, got.at]).toEqual([{ value }, checks, at]);
  });

  test("calls onDeadline once, with the input of the next check", async () => {
    const { ended, run } = await watched({
      ...due(45),
      onDeadline: terminate,
      carry: (job, n) => ({ ...job, step: n }),
    });
    expect(ended).toEqual({
      value: { status: "expired", value: "stopped", reason: "deadline", last: 2, checks: 2 },
    });
    expect(run.calls(terminate).map(({ input, at }) => [input, at])).toEqual([
      [{ step: 2 }, 45_000],
    ]);
  });

  test("calls onDeadline after its number of checks too", async () => {
    const { ended } = await watched({ attempts: 2, onDeadline: terminate });
    expect(ended).toMatchObject({
      value: { status: "expired", value: "stopped", reason: "attempts" },
    });
  });

  test("rejects if onDeadline fails", async () => {
    const { ended } = await watched(
      { attempts: 2, onDeadline: terminate },
      { functions: [failing(terminate, new Error("cannot"))] },
    );
    expect(ended).toMatchObject({ code: "FUNCTION_FAILED" });
  });

  test("decides once if a check ends at the instant of the deadline", async () => {
    const outcomes = new Set<string>();
    for (let seed = 0; seed < 60; seed++) {
      const at = (): number => BEGIN + 10_000;
      const watch = monitor("mon/watch", {
        check,
        until: () => true,
        every: "30s",
        deadline: at,
        onDeadline: terminate,
      });
      const run = await simulate(
        {
          functions: [
            watch,
            slow(
              mock(check, () => 1),
              "10s",
            ),
            record(terminate),
          ],
          seed,
          faults: { reorder: true },
        },
        async (t) => {
          const { status } = await t.client.call(watch, {}, { id: "flow" });
          await t.idle();
          return status;
        },
      );
      expect(run.calls(terminate)).toHaveLength(run.result === "expired" ? 1 : 0);
      outcomes.add(run.result);
    }
    expect([...outcomes].toSorted()).toEqual(["done", "expired"]);
  });

  test.each([
    ["text", "08:00"],
    ["not a date", new Date(Number.NaN)],
    ["not a number", Number.NaN],
    ["endless", Infinity],
  ])("is rejected for an invalid deadline: %s", async (_, wrong) => {
    expect((await watched({ deadline: () => wrong as number })).ended).toMatchObject({
      code: "INVALID_DELAY",
    });
  });
});

describe("a monitor whose check fails", () => {
  test("fails with the failure of its check", async () => {
    const watch = monitor("mon/watch", { check, until: () => true, every: "30s" });
    const { ended } = await measure(
      watch,
      {},
      { functions: [failing(check, new Error("no connection"))] },
    );
    expect(ended).toMatchObject({
      code: "FUNCTION_FAILED",
      message: expect.stringContaining("no connection"),
    });
  });

  test("tolerates a number of failures in a row", async () => {
    const watch = monitor("mon/watch", { check, until: (n) => n === 0, every: "30s", tolerate: 2 });
    expect((await measure(watch, {}, { functions: [failing(check, 2)] })).ended).toEqual({
      value: { status: "done", value: 0, checks: 3 },
    });
    expect((await measure(watch, {}, { functions: [failing(check, 3)] })).ended).toMatchObject({
      code: "FUNCTION_FAILED",
    });
  });

  test("counts failures anew after a successful check", async () => {
    const ends: unknown[] = ["fail", 1, "fail", 2];
    const stub = mock(check, () => {
      const next = ends.shift();
      if (typeof next === "number") return next;
      throw new Error("again");
    });
    const watch = monitor("mon/watch", { check, until: (n) => n === 2, every: "1s", tolerate: 1 });
    expect((await measure(watch, {}, { functions: [stub] })).ended).toEqual({
      value: { status: "done", value: 2, checks: 4 },
    });
  });

  test("fails if until fails", async () => {
    const bad = (): boolean => {
      throw new RangeError("cannot tell");
    };
    expect((await watched({ until: (async () => false) as never })).ended).toMatchObject({
      code: "FUNCTION_FAILED",
      message: expect.stringContaining("returned a promise"),
    });
    expect((await watched({ until: bad })).ended).toMatchObject({
      code: "FUNCTION_FAILED",
      message: expect.stringContaining("cannot tell"),
    });
    expect((await watched({ carry: bad as never })).ended).toMatchObject({
      code: "FUNCTION_FAILED",
    });
    expect((await watched({ deadline: bad as never })).ended).toMatchObject({
      code: "FUNCTION_FAILED",
    });
  });
});

describe("a canceled monitor", () => {
  test.each([
    ["during a delay", 25_000, 0],
    ["during a check", 5_000, 20_000],
    ["during the last check of its grace", 50_000, 20_000],
  ])("checks no more and does not call onDeadline: %s", async (_, afterMs, work) => {
    const watch = monitor("mon/watch", {
      check,
      until: () => false,
      every: "30s",
      tolerate: 5,
      deadline: () => BEGIN + 40_000,
      grace: "1h",
      onDeadline: terminate,
    });
    const stub = work === 0 ? check : slow(check, work);
    const run = await simulate(
      { functions: [watch, record(stub), record(terminate)] },
      async (t) => {
        const flow = await t.client.start(watch, {}, { id: "flow" });
        await t.advance(afterMs);
        const checks = t.meter.function("mon/check").runs;
        expect(await t.client.cancel(flow)).toBe(true);
        await t.idle();
        return checks;
      },
    );
    expect(run.calls(check).length).toBeLessThanOrEqual(run.result + 1);
    expect(run.calls(terminate)).toEqual([]);
    expect((await run.meter.flow("flow")).final).toBe(true);
  });
});

describe("a monitor through every crash", () => {
  test("gives the same result: done", async () => {
    let seen = 0;
    const stub = fn(
      "mon/check",
      (ctx, _job: Job) => (seen = Math.floor((ctx.now() - BEGIN) / 30_000)),
    );
    const watch = monitor("mon/watch", {
      check: stub,
      until: (n) => n >= 3,
      every: "30s",
      deadline: () => BEGIN + 600_000,
      onDeadline: terminate,
    });
    const { run, points } = await everyCrash({ functions: [watch] }, (t) =>
      t.client.call(watch, {}),
    );
    expect([run.result, seen]).toMatchObject([{ status: "done" }, 3]);
    expect(points).toBeGreaterThan(20);
  });

  test("gives the same result: expired", async () => {
    const watch = monitor("mon/watch", {
      check,
      until: () => false,
      every: "30s",
      deadline: () => BEGIN + 75_000,
      onDeadline: terminate,
    });
    const { run } = await everyCrash({ functions: [watch] }, (t) => t.client.call(watch, {}));
    expect(run.result).toEqual({
      status: "expired",
      value: "stopped",
      reason: "deadline",
      last: 0,
      checks: 3,
    });
  });
});

describe("a monitor for a long time", () => {
  test("has the same cost for the hundred thousandth poll as for the first", async () => {
    let seen = 0;
    const counting = fn("mon/counting", (_, _job: Job) => ++seen);
    const watch = monitor("mon/watch", { check: counting, until: (n) => n === 100_000, every: 0 });
    const store = memory();
    const engine = await embedded({ functions: [watch], store });
    const sizes = new Set<string>();
    const flow = await engine.client.start(watch, {}, { id: "flow" });
    const watching = setInterval(() => {
      const { messages, delayed, state, watches, dead } = store.count();
      sizes.add(JSON.stringify({ state, watches, dead, waiting: messages + delayed <= 2 }));
    }, 20);
    expect(await flow.result()).toEqual({ status: "done", value: 100_000, checks: 100_000 });
    clearInterval(watching);
    expect([...sizes]).toEqual([JSON.stringify({ state: 1, watches: 0, dead: 0, waiting: true })]);
    expect((await engine.meter.flow("flow")).runs).toBe(200_001);
    await engine.close();
  });

  test("has the same cost with a deadline", async () => {
    let seen = 0;
    const counting = fn("mon/counting", (_, _job: Job) => ++seen);
    const watch = monitor("mon/watch", {
      check: counting,
      until: (n) => n === 3_000,
      every: 0,
      deadline: () => 4e12,
      onDeadline: terminate,
    });
    const store = memory();
    const engine = await embedded({ functions: [watch], store });
    let largest = 0;
    const flow = await engine.client.start(watch, {}, { id: "flow" });
    const watching = setInterval(() => {
      const { messages, delayed, state, watches } = store.count();
      largest = Math.max(largest, messages + delayed + state + watches);
    }, 5);
    expect(await flow.result()).toMatchObject({ status: "done", checks: 3_000 });
    clearInterval(watching);
    expect(largest).toBeLessThan(20);
    await engine.close();
  });
});

describe("a monitor is a function", () => {
  test.each(
    [onMemory, onSqlite, onPoorestLosing(0.2)].map((engine) => [engine.name, engine] as const),
  )("on %s", async (_, engine) => {
    // A check's value depends on the time alone, since lost responses repeat checks.
    const since = fn(
      "mon/since",
      (ctx, job: { readonly from: number; readonly until?: number }) => ctx.now() - job.from,
    );
    const stop = fn("mon/stop", (_, job: { readonly from: number }) => job.from);
    const watch = monitor("mon/watch", {
      check: since,
      until: (ms) => ms >= 60_000,
      every: "20s",
      deadline: (job) => job.until,
      onDeadline: stop,
    });
    const both = fn("mon/both", (ctx, from: number) =>
      ctx.all([ctx.invoke(watch, { from }), ctx.invoke(watch, { from, until: from + 30_000 })]),
    );
    const host = await engine.start([both, watch], {}, 5);
    const from = host.clock.now();
    expect(await host.client.call(both, from)).toMatchObject([
      { status: "done", value: 60_000 },
      { status: "expired", value: from },
    ]);
    await host.close();
  });

  test("can be raced, timed out, nested and replaced by a leaf", async () => {
    const leaf: Fn<Job, unknown> = fn("mon/leaf", (ctx, _job: Job) =>
      ctx.onComplete(ctx.sleep("60s"), fn3),
    );
    const fn3 = fn("mon/leaf-end", () => ({ status: "done", value: 3, checks: 3 }));
    const watchOf = () => monitor("mon/watch", { check, until: (n) => n === 3, every: "30s" });
    const results: unknown[] = [];
    for (const inner of [watchOf() as Fn<Job, unknown>, leaf]) {
      const parent = fn("mon/parent", (ctx, job: Job) => ({
        won: ctx.race([ctx.invoke(inner, job), ctx.sleep("5m")]),
        lost: ctx.onSettled(ctx.timeout(ctx.invoke(inner, job), "10s"), shown),
      }));
      const shown = fn("mon/shown", (_, settlement: { status: string }) => settlement.status);
      const run = await simulate(
        {
          functions: [
            parent,
            inner,
            shown,
            fn3,
            mock(check, (ctx) => 1 + Math.floor((ctx.now() - BEGIN) / 30_000)),
          ],
        },
        (t) => t.client.call(parent, {}),
      );
      await expectNoDoubleBilling(run);
      results.push(run.result);
    }
    expect(results[0]).toEqual({ won: { status: "done", value: 3, checks: 3 }, lost: "rejected" });
    expect(results[1]).toEqual(results[0]);
  });
});

describe("a monitor next to one function that waits", () => {
  const naive = fn("mon/naive", async (ctx, { deadline = Infinity }: Job) => {
    for (let checks = 1; ; checks++) {
      const value = await ctx.get(ctx.invoke(check, { deadline }));
      if (value === 4) return { status: "done", value, checks };
      const wakeAt = Math.min(ctx.now() + 30_000, deadline);
      await ctx.get(ctx.sleepUntil(wakeAt));
      if (ctx.now() >= deadline)
        return {
          status: "expired",
          value: await ctx.get(ctx.invoke(terminate, { deadline })),
          reason: "deadline",
          last: value,
          checks,
        };
    }
  });

  test.each([
    ["done", 600],
    ["expired", 90],
  ] as const)(
    "gives the same result, and bills nothing for the delays: %s",
    async (status, seconds) => {
      const watch = monitor("mon/watch", {
        check,
        until: (n) => n === 4,
        every: "30s",
        deadline: (job: Job) => job.deadline,
        onDeadline: terminate,
      });
      const results = [];
      for (const f of [watch, naive] as readonly Fn<Job, { readonly status: string }>[]) {
        let seen = 0;
        const stub = slow(
          mock(check, () => ++seen),
          "2s",
        );
        results.push(
          await measure(
            f,
            { deadline: BEGIN + seconds * 1000 },
            { functions: [stub, slow(terminate, "2s")] },
          ),
        );
      }
      const [split, blocking] = results;
      expect(split?.ended).toEqual(blocking?.ended);
      expect(split?.ended).toMatchObject({ value: { status } });
      expect(split).toMatchObject({ billedMs: 8000, blockedMs: 0, beta: 1 });
      // Four checks of 2 s, the last one included, are billed twice, and all delays once.
      expect(blocking?.billedMs).toBe(
        status === "done" ? 8000 + 8000 + 90_000 : 8000 + 2000 + 90_000,
      );
    },
  );
});

describe("options of a monitor", () => {
  const good = { check, until: () => true, every: "30s" };
  test.each([
    ["no options", undefined, "INVALID_OPTIONS"],
    ["no check", { ...good, check: undefined }, "INVALID_OPTIONS"],
    ["a check that is a plain function", { ...good, check: () => 1 }, "INVALID_OPTIONS"],
    ["no until", { ...good, until: undefined }, "INVALID_OPTIONS"],
    ["no every", { ...good, every: undefined }, "INVALID_DELAY"],
    ["an every that is not a duration", { ...good, every: "often" }, "INVALID_DELAY"],
    ["a backoff under 1", { ...good, backoff: 0.5 }, "INVALID_OPTIONS"],
    ["an infinite backoff", { ...good, backoff: Infinity }, "INVALID_OPTIONS"],
    ["a jitter over 1", { ...good, jitter: 1.1 }, "INVALID_OPTIONS"],
    ["attempts of 0", { ...good, attempts: 0 }, "INVALID_OPTIONS"],
    ["a tolerate that is not whole", { ...good, tolerate: 0.5 }, "INVALID_OPTIONS"],
    ["a deadline that is not a function", { ...good, deadline: 5 }, "INVALID_OPTIONS"],
    ["an onDeadline that is not a function", { ...good, onDeadline: () => 1 }, "INVALID_OPTIONS"],
    ["an option that does not exist", { ...good, interval: 5 }, "INVALID_OPTIONS"],
  ])("are rejected at definition: %s", (_, options, code) => {
    expect(() => monitor("mon/bad", options as never)).toThrow(expect.objectContaining({ code }));
  });
});

test("the options alone determine the checks and the end", () =>
  fc.assert(
    fc.asyncProperty(
      fc.record({
        every: fc.integer({ min: 1, max: 50 }),
        backoff: fc.constantFrom(1, 1.5, 2),
        maxDelay: fc.integer({ min: 1, max: 100 }),
        attempts: fc.integer({ min: 1, max: 8 }),
      }),
      fc.integer({ min: 0, max: 300 }),
      fc.integer({ min: 0, max: 40 }),
      fc.integer({ min: 1, max: 10 }),
      async (options, deadlineMs, workMs, doneAt) => {
        let expected: string | undefined;
        let [now, pause] = [0, options.every];
        for (let checks = 1; expected === undefined; checks++) {
          if (now >= deadlineMs)
            expected = `deadline ${checks - 1} at ${Math.min(now, deadlineMs)}`;
          else if (now + workMs > deadlineMs) expected = `deadline ${checks} at ${deadlineMs}`;
          else if (checks === doneAt) expected = `done ${checks} at ${now + workMs}`;
          else if (now + workMs >= deadlineMs) expected = `deadline ${checks} at ${deadlineMs}`;
          else if (checks === options.attempts) expected = `attempts ${checks} at ${now + workMs}`;
          now = Math.min(now + workMs + Math.ceil(Math.min(pause, options.maxDelay)), deadlineMs);
          pause *= options.backoff;
        }
        // A check and the deadline at one instant may come in either order. Another test covers it.
        fc.pre(
          workMs === 0 || !expected.endsWith(`at ${deadlineMs}`) || expected.startsWith("deadline"),
        );
        let seen = 0;
        const stub = mock(check, () => ++seen);
        const watch = monitor("mon/watch", {
          check,
          until: (n) => n === doneAt,
          deadline: () => BEGIN + deadlineMs,
          ...options,
        });
        const run = await simulate(
          { functions: [watch, workMs === 0 ? stub : slow(stub, workMs)] },
          async (t) => {
            const result = await t.client.call(watch, {});
            return `${result.status === "done" ? "done" : result.reason} ${result.checks} at ${t.clock.now() - BEGIN}`;
          },
        );
        expect(run.result).toBe(expected);
      },
    ),
  ));
