import { describe, expect, test } from "vitest";
import { failurePolicy } from "../../../src/patterns/fan-out/failure-policy.ts";
import { PAGE } from "../../../src/patterns/fan-out/page.ts";
import {
  completionReason,
  handOutItem,
  settleBranch,
} from "../../../src/patterns/fan-out/window-decisions.ts";
import type { Failure } from "../../../src/futures/types/failure.ts";

const reason: Failure = { name: "Error", message: "no disk" };
const failed = { status: "rejected", reason } as const;
const done = { status: "fulfilled", value: 1 } as const;
const counts = { branches: 3, next: 0, succeeded: 0, failed: 0 };
const strict = { type: "app/all", policy: failurePolicy("cancel", () => 0, undefined) };
const tolerant = { type: "app/all", policy: failurePolicy({ tolerate: 1 }, () => 1, undefined) };
const two = { type: "app/all", policy: failurePolicy(undefined, undefined, 2) };

describe("settling a branch", () => {
  test("counts a success and goes on", () => {
    expect(settleBranch(counts, done, strict)).toEqual({
      counts: { ...counts, succeeded: 1 },
      reason: undefined,
    });
  });

  test("the first failure of a strict fan-out ends it unchanged", () => {
    expect(settleBranch(counts, failed, strict)).toEqual({
      counts: { ...counts, failed: 1 },
      reason,
    });
  });

  test("one failure more than tolerated ends it with the numbers", () => {
    const first = settleBranch(counts, failed, tolerant);
    expect(first.reason).toBeUndefined();
    expect(settleBranch(first.counts, failed, tolerant).reason).toEqual({
      name: "HandbackError",
      code: "BRANCHES_FAILED",
      message: "2 of 3 branches of app/all failed, and 0 succeeded",
      details: { branches: 3, succeeded: 0, failed: 2 },
      cause: reason,
      function: "app/all",
    });
  });

  test("enough successes end it", () => {
    const first = settleBranch(counts, done, two);
    expect([first.reason, settleBranch(first.counts, done, two).reason]).toEqual([
      undefined,
      "enough",
    ]);
  });

  test("it ends when enough successes are no longer possible", () => {
    const first = settleBranch(counts, failed, two);
    expect(settleBranch(first.counts, failed, two).reason).toMatchObject({
      code: "BRANCHES_FAILED",
    });
  });

  test("names the page that the outcome fills", () => {
    const full = (settled: number) =>
      settleBranch({ ...counts, branches: 100, succeeded: settled }, done, strict).fullPage;
    expect([0, PAGE - 2, PAGE - 1, PAGE, 2 * PAGE - 1].map(full)).toEqual([
      undefined,
      undefined,
      0,
      undefined,
      1,
    ]);
  });
});

describe("handing out an item", () => {
  const branches = 2 * PAGE + 1;
  const from = (next: number) => handOutItem({ ...counts, branches, next });

  test("prefetches the next page with the first item of a page", () => {
    expect(from(0)).toEqual({
      counts: { ...counts, branches, next: 1 },
      index: 0,
      page: 0,
      prefetch: 1,
    });
    expect(from(1)).toMatchObject({ index: 1, page: 0 });
    expect(from(1)).not.toHaveProperty("prefetch");
    expect(from(PAGE)).toMatchObject({ index: PAGE, page: 1, prefetch: 2 });
  });

  test("prefetches nothing on the last page, and ends after the last item", () => {
    expect(from(2 * PAGE)).toEqual({
      counts: { ...counts, branches, next: branches },
      index: 2 * PAGE,
      page: 2,
    });
    expect(from(branches)).toBeUndefined();
  });
});

test("a fan-out that needs no success is complete before it starts", () => {
  const none = { type: "app/all", policy: failurePolicy(undefined, undefined, 0) };
  expect(completionReason(counts, none)).toBe("enough");
});
