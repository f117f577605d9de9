import fc from "fast-check";
import { expect, test } from "vitest";
import { CommitLatency } from "../../../src/stores/sqlite/writer/commit-latency.ts";
import type { Packed } from "../../../src/stores/sqlite/rows/packed.ts";

const packed = (numbers: number, ...chunks: readonly string[]): Packed => ({
  numbers: new Float64Array(numbers),
  chunks,
});
const SMALL = packed(20, "x".repeat(2_000));
const LARGE = packed(2_000);
const LONG = packed(20, "x".repeat(2_000_000));
const FAST_MS = 0.2;

/** How many fast commits it takes until the next one is short; 100 at most. */
function fastOnesUntilShort(pace: CommitLatency): number {
  for (let count = 0; count < 100; count++) {
    if (pace.isShort(SMALL)) return count;
    pace.note(SMALL, FAST_MS);
  }
  return 100;
}

test("a small commit is short until it is known that the disk is slow, one of many rows or of a long text never", () => {
  const pace = new CommitLatency();
  expect([SMALL, LARGE, LONG].map((batch) => pace.isShort(batch))).toEqual([true, false, false]);
  for (let count = 0; count < 10; count++) pace.note(SMALL, FAST_MS);
  expect([SMALL, LARGE, LONG].map((batch) => pace.isShort(batch))).toEqual([true, false, false]);
});

test("one slow commit is enough to go to the thread", () => {
  const pace = new CommitLatency();
  for (let count = 0; count < 1_000; count++) pace.note(SMALL, FAST_MS);
  pace.note(SMALL, 5);
  expect(pace.isShort(SMALL)).toBe(false);
});

test("it takes several fast commits to come back, more the slower the disk was, but not for ever", () => {
  const afterSlow = (ms: number): number => {
    const pace = new CommitLatency();
    pace.note(SMALL, ms);
    return fastOnesUntilShort(pace);
  };
  expect(afterSlow(5)).toBeGreaterThanOrEqual(3);
  expect(afterSlow(50)).toBeGreaterThan(afterSlow(5));
  expect(afterSlow(10_000)).toBeLessThan(100);
});

test("a disk that is slow now and then is waited for by the thread", () => {
  const pace = new CommitLatency();
  let waited = 0;
  for (let count = 0; count < 400; count++) {
    const ms = count % 4 === 0 ? 8 : FAST_MS;
    if (pace.isShort(SMALL)) waited += ms;
    pace.note(SMALL, ms);
  }
  expect(waited).toBe(8);
});

test("how long a large commit takes says nothing about small ones", () => {
  const pace = new CommitLatency();
  pace.note(LARGE, 500);
  pace.note(LONG, 500);
  expect(pace.isShort(SMALL)).toBe(true);
  pace.note(SMALL, 500);
  for (let count = 0; count < 100; count++) pace.note(LARGE, 0);
  expect(pace.isShort(SMALL)).toBe(false);
});

test("whatever came before, the commit after a slow one is not short, and after many fast ones it is", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 100, noNaN: true })),
      fc.double({ min: 1.01, max: 100, noNaN: true }),
      (before, slow) => {
        const pace = new CommitLatency();
        for (const ms of before) pace.note(SMALL, ms);
        pace.note(SMALL, slow);
        expect(pace.isShort(SMALL)).toBe(false);
        expect(fastOnesUntilShort(pace)).toBeLessThan(100);
      },
    ),
  );
});

test("the thread is handed batches ahead while the disk is quick, as of the last commit, large or small", () => {
  const pace = new CommitLatency();
  expect(pace.isQuick).toBe(true);
  pace.note(LARGE, 20);
  expect(pace.isQuick).toBe(false);
  pace.note(SMALL, FAST_MS);
  expect(pace.isQuick).toBe(true);
});
