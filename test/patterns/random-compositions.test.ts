import fc from "fast-check";
import { fn } from "handback";
import type { Fn, Future } from "handback";
import { expectNoDoubleBilling, schedules, simulate } from "handback/testing";
import type { Schedule } from "handback/testing";
import { expect, test } from "vitest";
import { endOf } from "./compare.ts";
import { EVERY_PATTERN } from "./every-pattern.ts";

/** Patterns of patterns of a leaf that takes its time, and may fail now and then. */
interface Composition {
  readonly patterns: readonly number[];
  readonly restMs: readonly number[];
  /** It fails for inputs that leave this rest. */
  readonly failsAt: number;
}

const compositions: fc.Arbitrary<Composition> = fc.record({
  patterns: fc.array(fc.nat(EVERY_PATTERN.length - 1), { minLength: 1, maxLength: 3 }),
  restMs: fc.array(fc.nat(50), { minLength: 1, maxLength: 4 }),
  failsAt: fc.integer({ min: 0, max: 40 }),
});

function make({ patterns, restMs, failsAt }: Composition): Fn<number, number> {
  const work = fn("random/work", (_, { args: n }: { result: void; args: number }): number => {
    if (n % 17 === failsAt) throw new Error(`no ${n}`);
    return (3 * n + 1) % 1009;
  });
  const leaf: Fn<number, number> = fn("random/leaf", { parts: [work] }, (ctx, n: number): Future<number> =>
    ctx.onComplete(ctx.sleep(restMs[n % restMs.length] ?? 0), work, n),
  );
  return patterns.reduce((f, pattern, depth) => EVERY_PATTERN[pattern]![1](`random/${depth}`, f), leaf);
}

const play = (f: Fn<number, number>, schedule?: Schedule) =>
  simulate({ functions: [f], ...(schedule !== undefined && { schedule }) }, async (t) => {
    const ended = await endOf(t.client.call(f, 7));
    await t.idle();
    // Which of several failures is the first may be another one.
    return "value" in ended ? ended : ended.code;
  });

test("patterns of patterns come to the same under every schedule and crash, bill no wait, and leave nothing behind", () =>
  fc.assert(
    fc.asyncProperty(compositions, schedules(), async (composition, schedule) => {
      const f = make(composition);
      const [expected, run] = [await play(f), await play(f, schedule)];
      expect(run.result).toEqual(expected.result);
      await expectNoDoubleBilling(run);
      expect(await run.states()).toEqual([]);
    }),
    { numRuns: 60 },
  ));

test("patterns of patterns are over at once wherever they are cancelled, and leave nothing behind, nor anything to be wondered at", () =>
  fc.assert(
    fc.asyncProperty(compositions, fc.nat(200), schedules({ maxCrashes: 2 }), async (composition, at, schedule) => {
      const f = make({ ...composition, failsAt: 40 });
      const run = await simulate({ functions: [f], schedule }, async (t) => {
        const flow = await t.client.start(f, 7, { id: "flow" });
        await t.advance(at);
        const cancelled = await t.client.cancel(flow);
        await t.idle();
        return { cancelled, ...(await flow.status()) };
      });
      expect(run.result).toMatchObject({ status: run.result.cancelled ? "cancelled" : "completed", unhandled: [] });
      expect(await run.states()).toEqual([]);
    }),
    { numRuns: 60 },
  ));
