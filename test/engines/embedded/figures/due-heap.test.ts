import fc from "fast-check";
import { expect, test } from "vitest";
import { DueHeap } from "../../../../src/engines/embedded/timers/due-heap.ts";
import { envelope } from "../../../stores/support/batches.ts";

test("a heap counts the messages that are due, in whatever order they came and left", () =>
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 60 }),
      fc.nat(20),
      fc.integer({ min: -1, max: 51 }),
      (times, pops, now) => {
        const heap = new DueHeap();
        for (const [seq, dueAt] of times.entries())
          heap.push({ envelope: envelope(seq), seq, dueAt });
        for (let n = 0; n < pops; n++) heap.pop();
        const left = times.toSorted((one, other) => one - other).slice(pops);
        expect(heap.countDue(now)).toBe(left.filter((dueAt) => dueAt <= now).length);
      },
    ),
  ));
