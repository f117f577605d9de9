import type { Embedded, Fn, Future } from "handback";
import { embedded, fn, memory } from "handback";
import fc from "fast-check";
import { expect, test } from "vitest";
import { VirtualClock } from "../../src/testing/simulation/machine/virtual-clock.ts";

/** Works for this many ms. */
type Work = (ms: number) => Promise<void>;

/** Durations of handlers, in ms, to the nanosecond. */
const durations = (minLength = 1): fc.Arbitrary<number[]> =>
  fc.array(duration(), { minLength, maxLength: 6 });
const duration = (): fc.Arbitrary<number> => fc.nat(5_000_000_000).map((ns) => ns / 1e6);

/** Sums durations without rounding, in ns. */
const sum = (all: readonly number[]): number => all.reduce((total, ms) => total + toNs(ms), 0);
const max = (all: readonly number[]): number => Math.max(...all.map(toNs));
const toNs = (ms: number): number => Math.round(ms * 1e6);

/** Runs `main` as a flow until no work is left, and reads the meter, in ns. */
async function meter(
  define: (work: Work) => {
    readonly main: Fn<void, unknown>;
    readonly parts: readonly Fn<never, unknown>[];
  },
) {
  const clock = new VirtualClock();
  const { main, parts } = define((ms) => clock.work(ms));
  const engine = await embedded({ functions: [main, ...parts], store: memory(), clock });
  try {
    const handle = await clock.until(engine.client.start(main, undefined, { id: "metered" }));
    const outcome = await clock.until(handle.result().catch((error: unknown) => error));
    await clock.advance(60_000);
    return { ...inNs(await clock.until(engine.meter.flow("metered"))), outcome, engine, clock };
  } finally {
    await clock.until(engine.close());
  }
}

function inNs({
  billedMs,
  blockedMs,
  activeMs,
  ...rest
}: Awaited<ReturnType<Embedded["meter"]["flow"]>>) {
  return {
    ...rest,
    billedNs: toNs(billedMs),
    blockedNs: toNs(blockedMs),
    activeNs: toNs(activeMs),
  };
}

/** A function that only works. */
const worker = (work: Work) => fn("meter/worker", (_, ms: number) => work(ms).then(() => ms));

test("a chain of continuations is billed the sum of its steps, and none twice", () =>
  fc.assert(
    fc.asyncProperty(durations(), async (steps) => {
      const got = await meter((work) => {
        const step = fn(
          "meter/step",
          async (
            ctx,
            [ms = 0, ...rest]: readonly number[],
          ): Promise<Future<unknown> | undefined> => {
            await work(ms);
            return rest.length > 0 ? ctx.invoke(step, rest) : undefined;
          },
        );
        return { main: fn("meter/main", (ctx) => ctx.invoke(step, steps)), parts: [step] };
      });
      expect(got).toMatchObject({
        billedNs: sum(steps),
        blockedNs: 0,
        beta: 1,
        runs: steps.length + 1,
        final: true,
      });
    }),
  ));

test("a function that blocks on each step of a chain is billed the chain twice", () =>
  fc.assert(
    fc.asyncProperty(durations(), async (steps) => {
      const got = await meter((work) => {
        const step = worker(work);
        const main = fn("meter/main", async (ctx) => {
          for (const ms of steps) await ctx.get(ctx.invoke(step, ms));
        });
        return { main, parts: [step] };
      });
      const total = sum(steps);
      expect(got).toMatchObject({
        billedNs: 2 * total,
        blockedNs: total,
        activeNs: total,
        beta: total === 0 ? 1 : 2,
        final: true,
      });
    }),
  ));

test("a fan-out is billed the sum of its parts when it is handed back, and its critical path besides when a function blocks on it", () =>
  fc.assert(
    fc.asyncProperty(duration(), durations(), duration(), async (first, each, last) => {
      const split = await meter((work) => {
        const part = worker(work);
        const main = fn("meter/main", (ctx) => ctx.onComplete(ctx.invoke(part, first), fan));
        const fan = fn("meter/fan", (ctx, _: number) =>
          ctx.onComplete(ctx.all(each.map((ms) => ctx.invoke(part, ms))), join),
        );
        const join = fn("meter/join", (ctx, _: readonly number[]) => ctx.invoke(part, last));
        return { main, parts: [part, fan, join] };
      });
      const naive = await meter((work) => {
        const part = worker(work);
        const main = fn("meter/main", async (ctx) => {
          await ctx.get(ctx.invoke(part, first));
          await Promise.all(each.map((ms) => ctx.get(ctx.invoke(part, ms))));
          await ctx.get(ctx.invoke(part, last));
        });
        return { main, parts: [part] };
      });
      const total = sum([first, ...each, last]);
      const path = toNs(first) + max(each) + toNs(last);
      expect(split).toMatchObject({ billedNs: total, blockedNs: 0, beta: 1, final: true });
      expect(naive).toMatchObject({ billedNs: total + path, blockedNs: path, final: true });
    }),
  ));

test("work nested h deep is billed once when it is handed back, and h + 1 times when each level blocks", () =>
  fc.assert(
    fc.asyncProperty(duration(), fc.nat(6), async (ms, depth) => {
      const split = await meter((work) => {
        const inner = worker(work);
        const level = fn("meter/level", (ctx, left: number): Future<number> =>
          left === 0 ? ctx.invoke(inner, ms) : ctx.invoke(level, left - 1),
        );
        return { main: fn("meter/main", (ctx) => ctx.invoke(level, depth)), parts: [level, inner] };
      });
      const naive = await meter((work) => {
        const level = fn("meter/level", async (ctx, left: number): Promise<number> => {
          if (left > 0) return ctx.get(ctx.invoke(level, left - 1));
          await work(ms);
          return ms;
        });
        return { main: fn("meter/main", (ctx) => ctx.invoke(level, depth)), parts: [level] };
      });
      expect(split).toMatchObject({ billedNs: toNs(ms), blockedNs: 0, beta: 1, final: true });
      expect(naive).toMatchObject({
        billedNs: (depth + 1) * toNs(ms),
        blockedNs: depth * toNs(ms),
        final: true,
      });
    }),
  ));

test("gets that overlap are charged their union, and work outside of them is active", () =>
  fc.assert(
    fc.asyncProperty(
      duration(),
      duration(),
      duration(),
      duration(),
      async (first, pause, second, own) => {
        const got = await meter((work) => {
          const part = worker(work);
          const main = fn("meter/main", async (ctx) => {
            await work(own);
            const one = ctx.get(ctx.invoke(part, first));
            await work(pause);
            await Promise.all([one, ctx.get(ctx.invoke(part, second))]);
            await work(own);
          });
          return { main, parts: [part] };
        });
        const [firstNs, pauseNs, secondNs] = [toNs(first), toNs(pause), toNs(second)];
        const union = Math.min(firstNs, pauseNs) + Math.max(firstNs - pauseNs, secondNs);
        expect(got).toMatchObject({
          blockedNs: union,
          activeNs: sum([own, own, first, second]) + Math.max(0, pauseNs - firstNs),
          final: true,
        });
      },
    ),
  ));

test("parked time is not billed, and is exact to the millisecond, once for each handler that handed a future back", () =>
  fc.assert(
    fc.asyncProperty(fc.nat(100_000), fc.integer({ min: 1, max: 5 }), async (ms, depth) => {
      const got = await meter(() => {
        const level = fn("meter/level", (ctx, left: number): Future<unknown> =>
          left === 1 ? ctx.sleep(ms) : ctx.invoke(level, left - 1),
        );
        return {
          main: fn("meter/main", (ctx) => ctx.all([ctx.invoke(level, depth)])),
          parts: [level],
        };
      });
      expect(got).toMatchObject({
        billedNs: 0,
        parkedMs: (depth + 1) * ms,
        beta: 1,
        runs: depth + 1,
        final: true,
      });
    }),
  ));

test("every attempt that throws is billed, and so is unawaited work", () =>
  fc.assert(
    fc.asyncProperty(
      duration(),
      duration(),
      fc.integer({ min: 1, max: 4 }),
      async (ms, ignored, attempts) => {
        const got = await meter((work) => {
          const other = worker(work);
          const flaky = fn(
            "meter/flaky",
            { retry: { maxAttempts: 4, initialDelay: 10 } },
            async (ctx) => {
              await work(ms);
              if (ctx.attempt < attempts) throw new Error("again");
            },
          );
          const failing = fn("meter/failing", async () => {
            await work(ms);
            throw new Error("always");
          });
          const main = fn("meter/main", (ctx) => {
            ctx.invoke(other, ignored);
            return ctx.allSettled([ctx.invoke(flaky), ctx.invoke(failing)]);
          });
          return { main, parts: [other, flaky, failing] };
        });
        expect(got).toMatchObject({
          billedNs: (attempts + 1) * toNs(ms) + toNs(ignored),
          blockedNs: 0,
          runs: attempts + 3,
          final: true,
        });
      },
    ),
  ));

test("a bill grows while a flow runs, and is final when every run of it is in", async () => {
  const clock = new VirtualClock();
  const late = fn("meter/late", () => clock.work(500));
  const main = fn("meter/main", async (ctx) => {
    ctx.invoke(late);
    await clock.work(100);
    ctx.invoke(late, undefined, { after: [ctx.sleep(1000)] });
  });
  const engine = await embedded({ functions: [main, late], store: memory(), clock });
  const handle = await clock.until(engine.client.start(main, undefined, { id: "f" }));
  const bill = () => clock.until(engine.meter.flow("f"));
  expect(await bill()).toMatchObject({ billedMs: 0, runs: 0, beta: 1, final: false });
  await clock.until(handle.result());
  expect(await bill()).toMatchObject({ billedMs: 100, runs: 1, final: false });
  await clock.advance(1499);
  expect(await bill()).toMatchObject({ billedMs: 600, runs: 2, final: false });
  await clock.advance(1);
  expect(await bill()).toMatchObject({ billedMs: 1100, runs: 3, final: true });
  await clock.until(engine.close());
});

test("one-way messages are billed to their function, not to the flow that sent them", async () => {
  const clock = new VirtualClock();
  const told = fn("meter/told", () => clock.work(70));
  const main = fn("meter/main", async (ctx) => {
    ctx.send(told);
    await clock.work(30);
  });
  const engine = await embedded({ functions: [main, told], store: memory(), clock });
  await clock.until(engine.client.call(main, undefined, { id: "f" }));
  await clock.advance(100);
  expect(await clock.until(engine.meter.flow("f"))).toMatchObject({
    billedMs: 30,
    runs: 1,
    final: true,
  });
  expect(engine.meter.function("meter/told")).toEqual({
    runs: 1,
    failed: 0,
    billedMs: 70,
    blockedMs: 0,
  });
  await clock.until(engine.close());
});
