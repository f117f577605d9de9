import fc from "fast-check";
import { expect, test } from "vitest";
import { TransientMap } from "../../src/core/data/transient-map.ts";

/** Adds entries, and removes some of them, or all. */
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ set: fc.nat(3_000), count: fc.nat(1_500), value: fc.nat() }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      drop: fc.nat(3_000),
      count: fc.nat(1_500),
      by: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant("clear" as const) },
);

test("a transient map has the same content as a plain one, however often it replaces its table", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const map = new TransientMap<number, number>();
      const plain = new Map<number, number>();
      for (const change of steps) {
        if (change === "clear") {
          map.clear();
          plain.clear();
        } else if ("set" in change) {
          for (let key = change.set; key < change.set + change.count; key++) {
            map.set(key, change.value + key);
            plain.set(key, change.value + key);
          }
        } else {
          for (let key = change.drop; key < change.drop + change.count; key += change.by) {
            const [was, isGone] = [plain.delete(key), map.delete(key)];
            if (was !== isGone) throw new Error(`deleting ${key} told ${isGone}`);
          }
        }
        expect(map.size).toBe(plain.size);
        expect([...map.keys()].sort(ascending)).toEqual([...plain.keys()].sort(ascending));
        expect([...map.values()].sort(ascending)).toEqual([...plain.values()].sort(ascending));
        for (let key = 0; key < 5_000; key += 97)
          if (map.get(key) !== plain.get(key)) throw new Error(`${key} holds ${map.get(key)}`);
      }
    }),
  );
});

const ascending = (one: number, other: number): number => one - other;
