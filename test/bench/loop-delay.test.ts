import { expect, test } from "vitest";
import { delaysOf } from "../../bench/measure/usage.ts";

test("a loop that is on time delays no timer", () => {
  expect(delaysOf([0, 1, 2, 3])).toEqual([0, 0, 0]);
});

test("a blocked loop delays all timers that were due, the first one the longest", () => {
  expect(delaysOf([0, 1, 5, 6])).toEqual([0, 3, 2, 1, 0, 0]);
});

test("a timer that is due between two turns waits for the next one", () => {
  expect(delaysOf([10, 11.5, 12.25])).toEqual([0.5, 0.25]);
});

test("without a turn there is no delay to report", () => {
  expect(delaysOf([])).toEqual([]);
});
