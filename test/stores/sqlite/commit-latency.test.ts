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

/** Counts the fast commits until the next one is short, up to 100. */
function fastCommitsUntilShort(latency: CommitLatency): number {
  for (let count = 0; count < 100; count++) {
    if (latency.isShort(SMALL)) return count;
    latency.record(SMALL, FAST_MS);
  }
  return 100;
}

test("a small commit is short unless the disk is slow; one with many rows or a long text never is", () => {
  const latency = new CommitLatency();
  expect([SMALL, LARGE, LONG].map((batch) => latency.isShort(batch))).toEqual([true, false, false]);
  for (let count = 0; count < 10; count++) latency.record(SMALL, FAST_MS);
  expect([SMALL, LARGE, LONG].map((batch) => latency.isShort(batch))).toEqual([true, false, false]);
});

test("one slow commit is enough to switch to the thread", () => {
  const latency = new CommitLatency();
  for (let count = 0; count < 1_000; count++) latency.record(SMALL, FAST_MS);
  latency.record(SMALL, 5);
  expect(latency.isShort(SMALL)).toBe(false);
});

test("it takes several fast commits to switch back: more after a slower disk, but never too many", () => {
  const afterSlow = (ms: number): number => {
    const latency = new CommitLatency();
    latency.record(SMALL, ms);
    return fastCommitsUntilShort(latency);
  };
  expect(afterSlow(5)).toBeGreaterThanOrEqual(3);
  expect(afterSlow(50)).toBeGreaterThan(afterSlow(5));
  expect(afterSlow(10_000)).toBeLessThan(100);
});

test("the event loop does not wait for a disk that is slow now and then", () => {
  const latency = new CommitLatency();
  let waited = 0;
  for (let count = 0; count < 400; count++) {
    const ms = count % 4 === 0 ? 8 : FAST_MS;
    if (latency.isShort(SMALL)) waited += ms;
    latency.record(SMALL, ms);
  }
  expect(waited).toBe(8);
});

test("the duration of a large commit does not affect small ones", () => {
  const latency = new CommitLatency();
  latency.record(LARGE, 500);
  latency.record(LONG, 500);
  expect(latency.isShort(SMALL)).toBe(true);
  latency.record(SMALL, 500);
  for (let count = 0; count < 100; count++) latency.record(LARGE, 0);
  expect(latency.isShort(SMALL)).toBe(false);
});

test("after any history, a commit after a slow one is not short, and one after many fast ones is", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 100, noNaN: true })),
      fc.double({ min: 1.01, max: 100, noNaN: true }),
      (before, slow) => {
        const latency = new CommitLatency();
        for (const ms of before) latency.record(SMALL, ms);
        latency.record(SMALL, slow);
        expect(latency.isShort(SMALL)).toBe(false);
        expect(fastCommitsUntilShort(latency)).toBeLessThan(100);
      },
    ),
  );
});

test("the last commit decides whether the thread is quick, whether large or small", () => {
  const latency = new CommitLatency();
  expect(latency.wasQuick).toBe(true);
  latency.record(LARGE, 20);
  expect(latency.wasQuick).toBe(false);
  latency.record(SMALL, FAST_MS);
  expect(latency.wasQuick).toBe(true);
});
