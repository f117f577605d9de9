import type { Context, Settlement } from "handback";
import { fn } from "handback";
import fc from "fast-check";
import { expect } from "vitest";
import { law } from "../support/law.ts";
import { inWorld } from "../support/world.ts";

/** A future that settles after a time, which no other one has. */
const part = fc.record({ ms: fc.nat(200), fails: fc.boolean() });
const raced = fc
  .uniqueArray(part, { minLength: 1, maxLength: 40, selector: ({ ms }) => ms })
  .chain((parts) => fc.record({ parts: fc.constant(parts), count: fc.nat(parts.length) }));

/** Records the parts that were not canceled. */
const settled: number[] = [];
const settle = fn(
  "law/settle",
  (_, { args: [index, fails] }: { result: void; args: readonly [number, boolean] }) => {
    settled.push(index);
    if (fails) throw new Error(`part ${index}`);
    return index;
  },
);
const stamp = fn("law/stamp", (ctx, settlement: Settlement<number[]>) => ({
  settlement,
  atMs: ctx.now(),
}));

law(
  "`first` takes the first fulfilled futures in their order, rejects as soon as they cannot suffice, and cancels the rest",
  [raced],
  ({ parts, count }) =>
    inWorld(async (world) => {
      settled.length = 0;
      const begin = (ctx: Context) =>
        parts.map(({ ms, fails }, index) => ctx.onComplete(ctx.sleep(ms), settle, [index, fails]));
      const main = fn("law/main", (ctx) => ctx.onSettled(ctx.first(count, begin(ctx)), stamp));
      const client = await world.start([main, stamp, settle]);
      const startedAt = world.clock.now();
      const handle = await client.start(main);
      const { settlement, atMs } = await handle.result();

      const order = parts
        .map((each, index) => ({ ...each, index }))
        .toSorted((a, b) => a.ms - b.ms);
      const winners = order.filter(({ fails }) => !fails).slice(0, count);
      const failures = order.filter(({ fails }) => fails).slice(0, parts.length - count + 1);
      const isFulfilled = winners.length === count;
      const decidedMs = isFulfilled ? (winners.at(-1)?.ms ?? 0) : (failures.at(-1)?.ms ?? 0);
      expect(atMs - startedAt).toBe(decidedMs);
      if (isFulfilled) {
        const value = winners.map(({ index }) => index);
        expect(settlement).toEqual({ status: "fulfilled", value });
      } else {
        const errors = failures.slice(0, 16).map(({ index }) => ({ message: `part ${index}` }));
        expect(settlement).toMatchObject({
          status: "rejected",
          reason: { name: "AggregateError", errors },
        });
      }
      const inTime = order.filter(({ ms }) => count > 0 && ms <= decidedMs);
      expect(settled).toEqual(inTime.map(({ index }) => index));
      // Canceled branches count as done, so the bill is complete.
      expect(await client.bill(handle.id)).toMatchObject({ final: true });
    }),
);
