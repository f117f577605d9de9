import fc from "fast-check";
import { fn } from "handback";
import { aggregator } from "handback/patterns";
import type { Batch } from "handback/patterns";
import { record, schedules, simulate } from "handback/testing";
import { expect, test } from "vitest";

type Event = { readonly id: number };
type Rules = {
  readonly maxCount: number;
  readonly maxWait?: number;
  readonly gap?: number;
  readonly dedupeFor: number;
};
type Arrival = { readonly pauseMs: number; readonly id: number };

const store = fn("laws/store", (_, _batch: Batch<Event>) => undefined);

const rules: fc.Arbitrary<Rules> = fc.record(
  {
    maxCount: fc.integer({ min: 1, max: 4 }),
    maxWait: fc.integer({ min: 1, max: 30 }),
    gap: fc.integer({ min: 1, max: 15 }),
    dedupeFor: fc.integer({ min: 1, max: 40 }),
  },
  { requiredKeys: ["maxCount", "dedupeFor"] },
);
const arrivals: fc.Arbitrary<readonly Arrival[]> = fc.array(
  fc.record({ pauseMs: fc.integer({ min: 0, max: 20 }), id: fc.nat(5) }),
  {
    maxLength: 14,
  },
);

/** A second model of the batches and their times, computed instant by instant. */
function expected(
  { maxCount, maxWait, gap, dedupeFor }: Rules,
  events: readonly Arrival[],
): readonly string[] {
  const out: string[] = [];
  const lastSeen = new Map<number, number>();
  const coming = new Map<number, number[]>();
  let at = 0;
  for (const { pauseMs, id } of events)
    coming.set((at += pauseMs), [...(coming.get(at) ?? []), id]);
  let open: { ids: number[]; firstAt: number; lastAt: number } | undefined;
  const leave = (now: number): void => {
    if (open !== undefined) out.push(`${open.ids.join()} at ${now}`);
    open = undefined;
  };
  for (let now = 0; now <= at + 100; now++) {
    if (
      open !== undefined &&
      (now === open.firstAt + (maxWait ?? Infinity) || now === open.lastAt + (gap ?? Infinity))
    )
      leave(now);
    for (const id of coming.get(now) ?? []) {
      if (now - (lastSeen.get(id) ?? -Infinity) < dedupeFor) continue;
      lastSeen.set(id, now);
      open ??= { ids: [], firstAt: now, lastAt: now };
      open.ids.push(id);
      open.lastAt = now;
      if (open.ids.length === maxCount) leave(now);
    }
  }
  if (open !== undefined) out.push(`${open.ids.join()} asked`);
  return out;
}

const define = (options: Rules) =>
  aggregator("laws/batch", { ...options, flush: store, dedupeBy: ({ id }: Event) => String(id) });

test("the events and their times alone determine the batches and their times", () =>
  fc.assert(
    fc.asyncProperty(rules, arrivals, async (options, events) => {
      const batch = define(options);
      const run = await simulate({ functions: [batch, record(store)] }, async (t) => {
        for (const { pauseMs, id } of events) {
          await t.advance(pauseMs);
          await t.client.call(batch, { id }, { id: "k" });
        }
        await t.advance(100);
        await t.client.call(batch.flush, undefined, { id: "k" });
      });
      const left = run.calls(store).map(({ input, at }) => {
        const { events: all, reason } = input as Batch<Event>;
        return `${all.map(({ id }) => id).join()} ${reason === "asked" ? "asked" : `at ${at}`}`;
      });
      expect(left).toEqual(expected(options, events));
    }),
  ));

test("every accepted event leaves once, in order, through crashes and repeats", () =>
  fc.assert(
    fc.asyncProperty(rules, arrivals, schedules(), async (options, events, schedule) => {
      const batch = define(options);
      const taken: number[] = [];
      // A handler may run again after a crash. Its batch keeps its name.
      const left = new Map<string, Batch<Event>>();
      const sink = fn("laws/store", (_, out: Batch<Event>) => void left.set(out.id, out));
      const out = aggregator("laws/batch", {
        ...options,
        flush: sink,
        dedupeBy: ({ id }: Event) => String(id),
      });
      await simulate({ functions: [out], schedule }, async (t) => {
        for (const { pauseMs, id } of events) {
          await t.advance(pauseMs);
          const { status } = await t.client.call(batch, { id }, { id: "k" });
          if (status === "added") taken.push(id);
        }
        await t.advance(100);
        await t.client.call(batch.flush, undefined, { id: "k" });
        await t.idle("1d");
      });
      const batches = [...left.values()].toSorted(
        (one, other) => one.openedAt - other.openedAt || (one.id < other.id ? -1 : 1),
      );
      expect(batches.flatMap(({ events: all }) => all.map(({ id }) => id))).toEqual(taken);
      for (const { events: all, openedAt, lastAt } of batches) {
        expect(all.length).toBeLessThanOrEqual(options.maxCount);
        expect(lastAt - openedAt).toBeLessThanOrEqual(options.maxWait ?? Infinity);
      }
    }),
  ));
