import { describe, expect, test } from "vitest";
import type { BatchTotals, FlushRules } from "../../../src/patterns/aggregator/batch-buffer.ts";
import { addEvent, checkEventTime, wakeBatch } from "../../../src/patterns/aggregator/decisions.ts";

const LIMITS: FlushRules = { maxCount: 3, maxBytes: 100, maxWaitMs: undefined, gapMs: undefined };
const open: BatchTotals = { id: "b1", count: 1, bytes: 10, openedAt: 0, lastAt: 0 };
const step = { bytes: 10, batchId: "b2" };

describe("adding an event", () => {
  test("opens a batch and sets its timer", () => {
    expect(addEvent(undefined, step, { ...LIMITS, maxWaitMs: 50 }, 7)).toEqual({
      batch: { id: "b2", count: 1, bytes: 10, openedAt: 7, lastAt: 7 },
      timerAt: 57,
    });
  });

  test("joins the open batch and leaves its timer alone", () => {
    expect(addEvent(open, step, { ...LIMITS, gapMs: 50 }, 7)).toEqual({
      batch: { id: "b1", count: 2, bytes: 20, openedAt: 0, lastAt: 7 },
    });
  });

  test.each([
    ["is full", { ...open, count: 2 }, 10, "count"],
    ["is exactly as large as allowed", { ...open, bytes: 90 }, 10, "bytes"],
  ] as const)("sends a batch that %s", (_, before, bytes, reason) => {
    const change = addEvent(before, { ...step, bytes }, LIMITS, 7);
    expect(change).toMatchObject({ flushAfter: reason, batch: { id: "b1" } });
    expect(change).not.toHaveProperty("flushBefore");
  });

  test("sends the batch first if the event does not fit", () => {
    expect(addEvent({ ...open, bytes: 91 }, step, { ...LIMITS, maxWaitMs: 50 }, 7)).toEqual({
      flushBefore: "bytes",
      batch: { id: "b2", count: 1, bytes: 10, openedAt: 7, lastAt: 7 },
      timerAt: 57,
    });
  });

  test.each([
    ["wait", { ...LIMITS, maxWaitMs: 50, gapMs: 60 }],
    ["gap", { ...LIMITS, gapMs: 50 }],
  ] as const)("sends a batch that is due first, though its timer is late: %s", (reason, rules) => {
    expect(addEvent(open, step, rules, 50)).toMatchObject({
      flushBefore: reason,
      batch: { id: "b2", count: 1 },
    });
  });

  test("sends a large event alone", () => {
    expect(addEvent(open, { ...step, bytes: 500 }, LIMITS, 7)).toMatchObject({
      flushBefore: "bytes",
      batch: { id: "b2", count: 1, bytes: 500 },
      flushAfter: "bytes",
    });
  });
});

describe("the timer of a batch", () => {
  const rules = { ...LIMITS, gapMs: 50 };

  test.each([
    ["sends a batch that is due", "b1", 50, { flush: "gap" }],
    ["is set again if the batch had more events", "b1", 49, { timerAt: 50 }],
    ["does nothing once its batch has left", "b0", 50, undefined],
  ] as const)("%s", (_, batch, now, expected) => {
    expect(wakeBatch(open, batch, rules, now)).toEqual(expected);
  });

  test("does nothing without a batch", () => {
    expect(wakeBatch(undefined, "b1", rules, 50)).toBeUndefined();
  });
});

test.each([
  ["the first event is on time", undefined, 5, false, 5],
  ["a newer event is on time", 5, 9, false, 9],
  ["an event at the limit is on time", 15, 5, false, 15],
  ["an older event is late", 16, 5, true, 16],
] as const)("%s", (_, newestAt, at, isLate, newest) => {
  expect(checkEventTime(newestAt, at, { lateAfterMs: 10 })).toEqual({ isLate, newestAt: newest });
});
