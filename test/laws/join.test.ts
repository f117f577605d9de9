import type { Context, Future, Waited } from "handback";
import { fn } from "handback";
import fc from "fast-check";
import { expect } from "vitest";
import { onMemory, onPoorestLosing } from "../conformance/host.ts";
import { law } from "./support/law.ts";
import type { World } from "./support/world.ts";
import { inWorld } from "./support/world.ts";

/** A part that settles after a while, either way. */
interface Part {
  readonly ms: number;
  readonly fails: boolean;
}

const part = fc.record({ ms: fc.nat(20), fails: fc.boolean() });
const parts = fc.array(part, { maxLength: 40 });

function workers(work: (ms: number) => Promise<void>) {
  const done = fn(
    "law/done",
    (_, { args: [index, fails] }: { result: void; args: readonly [number, boolean] }) => {
      if (fails) throw new Error(`part ${index}`);
      return index;
    },
  );
  const busy = fn("law/busy", async (_, [index, { ms, fails }]: readonly [number, Part]) => {
    await work(ms);
    if (fails) throw new Error(`part ${index}`);
    return index;
  });
  /** Some parts sleep, the others work. */
  const begin = (ctx: Context, each: Part, index: number): Future<number> =>
    index % 2 === 0
      ? ctx.onComplete(ctx.sleep(each.ms), done, [index, each.fails])
      : ctx.invoke(busy, [index, each]);
  return { begin, functions: [done, busy] };
}

const inTheWorld = (world: World) => workers((ms) => world.clock.work(ms));
const shown = ({ fails }: Part, index: number): object =>
  fails
    ? { status: "rejected", reason: { message: `part ${index}` } }
    : { status: "fulfilled", value: index };

law(
  "results have the order of their futures, under any schedule",
  [parts, fc.integer(), fc.constantFrom(onMemory, onPoorestLosing(0), onPoorestLosing(0.2))],
  async (given, seed, engine) => {
    const { begin, functions } = workers((ms) => host.clock.work(ms));
    const same = fn("law/same", (_, list: readonly number[]) => list);
    const main = fn("law/main", (ctx) => {
      const succeeding = given.map((each, index) => begin(ctx, { ...each, fails: false }, index));
      return {
        all: ctx.all(succeeding),
        value: succeeding,
        input: ctx.invoke(same, succeeding),
        settled: ctx.allSettled(given.map((each, index) => begin(ctx, each, index))),
      };
    });
    const host = await engine.start([main, same, ...functions], {}, seed);
    try {
      const indexes = given.map((_, index) => index);
      expect(await host.client.call(main)).toMatchObject({
        all: indexes,
        value: indexes,
        input: indexes,
        settled: given.map(shown),
      });
    } finally {
      await host.close();
    }
  },
);

law(
  "`all` is rejected with the first failure, at the instant at which it came",
  [fc.array(part, { minLength: 1, maxLength: 20 })],
  (given) =>
    inWorld(async (world) => {
      const { begin, functions } = inTheWorld(world);
      const main = fn("law/main", (ctx) =>
        ctx.all(given.map((each, index) => begin(ctx, each, index))),
      );
      const client = await world.start([main, ...functions]);
      const result = await client
        .call(main)
        .catch((error: { cause: Error }) => error.cause.message);
      const failing = given.filter(({ fails }) => fails).map(({ ms }) => ms);
      const endsAt =
        failing.length > 0 ? Math.min(...failing) : Math.max(...given.map(({ ms }) => ms));
      expect(world.nowMs).toBe(endsAt);
      if (failing.length === 0) expect(result).toEqual(given.map((_, index) => index));
      else
        expect(
          given.flatMap(({ ms, fails }, index) =>
            fails && ms === endsAt ? [`part ${index}`] : [],
          ),
        ).toContain(result);
    }),
);

const waits = parts.chain((given) =>
  fc.record({
    given: fc.constant(given),
    count: fc.nat(given.length),
    timeoutMs: fc.option(fc.nat(25), { nil: undefined }),
  }),
);

law(
  "`wait`: ready and pending partition the futures in their order, and respect the count",
  [waits],
  ({ given, count, timeoutMs }) =>
    inWorld(async (world) => {
      const { begin, functions } = inTheWorld(world);
      const main = fn("law/main", (ctx) =>
        ctx.onComplete(
          ctx.wait(
            given.map((each, index) => begin(ctx, each, index)),
            timeoutMs === undefined ? { count } : { count, timeout: timeoutMs },
          ),
          gather,
        ),
      );
      const gather = fn("law/gather", (ctx, { ready, pending }: Waited<number>) => ({
        ready,
        pending: pending.map(({ index }) => index),
        atMs: ctx.now(),
        rest: ctx.allSettled(pending.map(({ handle }) => ctx.future(handle))),
      }));
      const client = await world.start([main, gather, ...functions]);
      const beganAt = world.clock.now();
      const { ready, pending, rest, atMs } = await client.call(main);
      const indexes = ready.map(({ index }) => index);
      expect(indexes).toEqual(indexes.toSorted((a, b) => a - b));
      expect(pending).toEqual(pending.toSorted((a, b) => a - b));
      expect([...indexes, ...pending].toSorted((a, b) => a - b)).toEqual(
        given.map((_, index) => index),
      );
      const times = given.map(({ ms }) => ms).toSorted((a, b) => a - b);
      const enoughMs = count === 0 ? 0 : (times[count - 1] ?? 0);
      const endsMs = Math.min(enoughMs, timeoutMs ?? Infinity);
      expect(atMs - beganAt).toBe(endsMs);
      if (enoughMs < (timeoutMs ?? Infinity)) expect(ready.length).toBeGreaterThanOrEqual(count);
      // Parts that settle at that very instant may or may not be ready. The others are certain.
      for (const [index, { ms }] of given.entries()) {
        if (ms < endsMs) expect(indexes).toContain(index);
        if (ms > endsMs) expect(pending).toContain(index);
      }
      for (const { index, ...settlement } of ready)
        expect(settlement).toMatchObject(shown(given[index] ?? { ms: 0, fails: false }, index));
      expect(rest).toMatchObject(
        pending.map((index) => shown(given[index] ?? { ms: 0, fails: false }, index)),
      );
    }),
);

law(
  "a race is won by the first to settle, and `any` by the first to succeed",
  [fc.uniqueArray(part, { minLength: 1, maxLength: 20, selector: ({ ms }) => ms })],
  (given) =>
    inWorld(async (world) => {
      const { begin, functions } = inTheWorld(world);
      const main = fn("law/main", (ctx) =>
        ctx.allSettled([
          ctx.race(given.map((each, index) => begin(ctx, each, index))),
          ctx.any(given.map((each, index) => begin(ctx, each, index))),
        ]),
      );
      const client = await world.start([main, ...functions]);
      const [raced, any] = await client.call(main);
      const order = given
        .map((each, index) => ({ ...each, index }))
        .toSorted((a, b) => a.ms - b.ms);
      const [first] = order;
      const winner = order.find(({ fails }) => !fails);
      expect(raced).toMatchObject(shown(first ?? { ms: 0, fails: false }, first?.index ?? 0));
      if (winner !== undefined) expect(any).toMatchObject(shown(winner, winner.index));
      else
        expect(any).toMatchObject({
          status: "rejected",
          reason: {
            name: "AggregateError",
            errors: given.slice(0, 16).map((_, index) => ({ message: `part ${index}` })),
          },
        });
    }),
);

law(
  "a timeout returns a settlement before its deadline, and TIMEOUT otherwise",
  [part, fc.nat(25)],
  (given, ms) =>
    inWorld(async (world) => {
      fc.pre(given.ms !== ms);
      const { begin, functions } = inTheWorld(world);
      const main = fn("law/main", (ctx) =>
        ctx.allSettled([
          ctx.timeout(begin(ctx, given, 0), ms),
          ctx.timeout(begin(ctx, given, 1), ms),
        ]),
      );
      const client = await world.start([main, ...functions]);
      const late = { status: "rejected", reason: { code: "TIMEOUT" } };
      expect(await client.call(main)).toMatchObject(
        given.ms < ms ? [shown(given, 0), shown(given, 1)] : [late, late],
      );
      expect(world.nowMs).toBe(Math.min(given.ms, ms));
    }),
);
