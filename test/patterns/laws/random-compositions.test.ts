import fc from "fast-check";
import { embedded, fn, memory } from "handback";
import type { Fn, Future } from "handback";
import { chain, fanOut, saga, withTimeout } from "handback/patterns";
import { expectNoDoubleBilling, schedules, simulate } from "handback/testing";
import type { Schedule } from "handback/testing";
import { expect, test } from "vitest";
import { VirtualClock } from "../../../src/testing/simulation/machine/virtual-clock.ts";
import { HeldStore } from "../../durability/support/held-store.ts";
import { endOf } from "./compare.ts";
import { EVERY_PATTERN } from "./every-pattern.ts";

/** Nested patterns of a slow leaf that fails now and then. */
interface Composition {
  readonly patterns: readonly number[];
  readonly restMs: readonly number[];
  /** It fails for inputs with this remainder. */
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
  const leaf: Fn<number, number> = fn(
    "random/leaf",
    { parts: [work] },
    (ctx, n: number): Future<number> =>
      ctx.onComplete(ctx.sleep(restMs[n % restMs.length] ?? 0), work, n),
  );
  return patterns.reduce(
    (f, pattern, depth) => EVERY_PATTERN[pattern]![1](`random/${depth}`, f),
    leaf,
  );
}

const play = (f: Fn<number, number>, schedule?: Schedule) =>
  simulate({ functions: [f], ...(schedule !== undefined && { schedule }) }, async (t) => {
    const ended = await endOf(t.client.call(f, 7));
    await t.idle();
    // The first of several failures may differ.
    return "value" in ended ? ended : ended.code;
  });

test("nested patterns give the same result under every schedule and crash", () =>
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

test("nested patterns end at once when canceled, and leave nothing behind", () =>
  fc.assert(
    fc.asyncProperty(
      compositions,
      fc.nat(200),
      schedules({ maxCrashes: 2 }),
      async (composition, at, schedule) => {
        const f = make({ ...composition, failsAt: 40 });
        const run = await simulate({ functions: [f], schedule }, async (t) => {
          const flow = await t.client.start(f, 7, { id: "flow" });
          await t.advance(at);
          const cancelled = await t.client.cancel(flow);
          await t.idle();
          return { cancelled, ...(await flow.status()) };
        });
        expect(run.result).toMatchObject({
          status: run.result.cancelled ? "cancelled" : "completed",
          unhandled: [],
        });
        expect(await run.states()).toEqual([]);
      },
    ),
    { numRuns: 60 },
  ));

/** A saga in a fan-out in a chain in a race in a timeout. It may be canceled as a whole. */
const journeys = fc.record({
  sagas: fc.integer({ min: 1, max: 5 }),
  restMs: fc.array(fc.nat(30), { minLength: 1, maxLength: 4 }),
  /** The last step of this one fails. */
  fails: fc.nat(8),
  concurrency: fc.constantFrom(undefined, 1, 2),
  raceMs: fc.nat(150),
  limitMs: fc.nat(150),
  cancelAt: fc.option(fc.nat(150)),
  commitMs: fc.nat(6),
});

test("each nested saga that is cut off is completed or undone, each step once", () =>
  fc.assert(
    fc.asyncProperty(
      journeys,
      async ({ sagas, restMs, fails, concurrency, raceMs, limitMs, cancelAt, commitMs }) => {
        const said: (readonly [saga: number, step: string])[] = [];
        const step = (name: string) => {
          const done = fn(
            `journey/${name}-done`,
            (_, { args: n }: { result: void; args: number }) => {
              if (name === "c" && n === fails) throw new Error("no c");
              said.push([n, name]);
              return n;
            },
          );
          const act = fn(`journey/${name}`, { parts: [done] }, (ctx, n: number): Future<number> =>
            ctx.onComplete(
              ctx.sleep(restMs[(n + name.charCodeAt(0)) % restMs.length] ?? 0),
              done,
              n,
            ),
          );
          return {
            do: act,
            undo: fn(`journey/un-${name}`, (_, n: number) => void said.push([n, `-${name}`])),
          };
        };
        const each = saga("journey/saga", step("a"), step("b"), step("c"));
        const many = fanOut("journey/many", {
          each,
          ...(concurrency !== undefined && { concurrency }),
        });
        const line = chain(
          "journey/line",
          (n: number) => Array.from({ length: n }, (_, at) => at),
          many,
        );
        const raced = fn("journey/raced", { parts: [line] }, (ctx, n: number) =>
          ctx.race([ctx.invoke(line, n), ctx.sleep(raceMs)]),
        );
        const f = withTimeout("journey/in-time", raced, limitMs);

        const clock = new VirtualClock();
        const content = memory();
        const engine = await embedded({
          functions: [f],
          store: new HeldStore(content, () => clock.work(commitMs)),
          clock,
        });
        const flow = await clock.until(engine.client.start(f, sagas, { id: "flow" }));
        if (cancelAt !== null) {
          await clock.advance(cancelAt);
          await clock.until(engine.client.cancel(flow));
        }
        await clock.advance(5000);
        for (let n = 0; n < sagas; n++) {
          const steps = said.filter(([number]) => number === n).map(([, name]) => name);
          const done = steps.filter((name) => !name.startsWith("-"));
          const undone = done.map((name) => `-${name}`).reverse();
          expect([steps, n]).toEqual([
            done.length === 3 && steps.length === 3 ? done : [...done, ...undone],
            n,
          ]);
        }
        expect((await flow.status()).unhandled).toEqual([]);
        expect(content.count()).toMatchObject({
          state: 1,
          messages: 0,
          delayed: 0,
          watches: 0,
          dead: 0,
        });
        expect(await engine.meter.flow("flow")).toMatchObject({ blockedMs: 0, final: true });
        await clock.until(engine.close());
      },
    ),
    { numRuns: 100 },
  ));
