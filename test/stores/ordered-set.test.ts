import fc from "fast-check";
import { expect, test } from "vitest";
import { OrderedSet } from "../../src/core/data/ordered-set.ts";

test("an ordered set agrees with a sorted array, including split and emptied chunks", () => {
  const change = fc.record({
    add: fc.boolean(),
    from: fc.nat(3_000),
    count: fc.nat(900),
    step: fc.integer({ min: 1, max: 7 }),
  });
  fc.assert(
    fc.property(
      fc.array(change, { maxLength: 8 }),
      fc.nat(3_000),
      fc.nat(3_000),
      fc.nat(2_000),
      (changes, from, to, limit) => {
        const set = new OrderedSet<{ readonly at: number }>((one, other) => one.at - other.at);
        const model = new Set<number>();
        for (const { add, from: start, count, step } of changes) {
          for (let at = start; at < start + count * step; at += step) {
            if (!add) set.delete({ at });
            else if (!model.has(at)) set.add({ at });
            if (add) model.add(at);
            else model.delete(at);
          }
        }
        const items = [...model].sort((one, other) => one - other);
        const expected = items.filter((at) => at > from && at <= to).slice(0, limit);
        const found = set.read(
          limit,
          ({ at }) => at > from,
          ({ at }) => at > to,
        );
        expect(found.map(({ at }) => at)).toEqual(expected);
        expect(set.size).toBe(items.length);
        expect(set.first()?.at).toBe(items[0]);
      },
    ),
  );
});
