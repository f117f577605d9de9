import fc from "fast-check";
import { expect, test } from "vitest";
import { rangesOf } from "../../../src/stores/sqlite/rows/ranges.ts";

test("ranges contain the same numbers in the same order, and no two ranges could be merged", () => {
  const numbers = fc.uniqueArray(fc.integer({ min: -5, max: 20 }));
  fc.assert(
    fc.property(numbers, fc.boolean(), (given, isSorted) => {
      const chosen = isSorted ? given.toSorted((one, other) => one - other) : given;
      const ranges = rangesOf(chosen);
      expect(
        ranges.flatMap(([first, last]) =>
          Array.from({ length: last - first + 1 }, (_, index) => first + index),
        ),
      ).toEqual(chosen);
      for (const [index, [first]] of ranges.entries())
        expect(first - 1).not.toBe(ranges[index - 1]?.[1]);
    }),
  );
});
