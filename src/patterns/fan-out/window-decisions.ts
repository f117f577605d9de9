/**
 * The decisions of a fan-out's window, as pure functions: they take the counts of the window, a
 * step and the rules, and return the next counts and the effects to carry out.
 */
import { systemFailure } from "../../futures/types/failure.ts";
import type { Failure } from "../../futures/types/failure.ts";
import type { Settlement } from "../../futures/types/future.ts";
import { earlyEnd } from "./failure-policy.ts";
import type { BranchCounts, FailurePolicy } from "./failure-policy.ts";
import { PAGE, pageCount, pageOf, slotOf } from "./page.ts";

/** Why a fan-out ended before all branches had settled: enough successes, or a failure. */
export type CompletionReason = "enough" | Failure;

/** The counts of a window. */
export interface WindowCounts extends BranchCounts {
  /** Index of the next item to hand out. */
  readonly next: number;
}

/** The rules of a window: the type of its fan-out, and the failure policy. */
export interface WindowRules {
  readonly type: string;
  readonly policy: FailurePolicy;
}

/** The result of settling a branch. */
export interface SettleChange {
  readonly counts: WindowCounts;
  /** Page for the outcomes that the window holds. Absent until they fill one. */
  readonly fullPage?: number;
  readonly reason: CompletionReason | undefined;
}

/** Counts the outcome of a branch and decides if the fan-out ends. */
export function settleBranch(
  before: WindowCounts,
  outcome: Settlement<unknown>,
  rules: WindowRules,
): SettleChange {
  const settled = before.succeeded + before.failed;
  const isSuccess = outcome.status === "fulfilled";
  const counts = {
    ...before,
    succeeded: before.succeeded + (isSuccess ? 1 : 0),
    failed: before.failed + (isSuccess ? 0 : 1),
  };
  const reason = completionReason(counts, rules, isSuccess ? undefined : outcome.reason);
  const fillsPage = slotOf(settled) === PAGE - 1;
  return { counts, reason, ...(fillsPage && { fullPage: pageOf(settled) }) };
}

/** The result of asking for an item: its index and page, and the page to prefetch. */
export interface HandOutChange {
  readonly counts: WindowCounts;
  readonly index: number;
  readonly page: number;
  /** The next page, if this item is the first of its page and there is one. */
  readonly prefetch?: number;
}

/** Hands out the next item. Returns `undefined` if there are none left. */
export function handOutItem(before: WindowCounts): HandOutChange | undefined {
  const { next: index, branches } = before;
  if (index === branches) return undefined;
  const page = pageOf(index);
  const isPrefetching = slotOf(index) === 0 && page + 1 < pageCount(branches);
  const counts = { ...before, next: index + 1 };
  return { counts, index, page, ...(isPrefetching && { prefetch: page + 1 }) };
}

/**
 * Returns why the fan-out ends now, or `undefined` if it goes on. `cause` is the latest failure.
 */
export function completionReason(
  { branches, succeeded, failed }: BranchCounts,
  { type, policy }: WindowRules,
  cause?: Failure,
): CompletionReason | undefined {
  const end = earlyEnd(policy, { branches, succeeded, failed });
  if (end !== "failed") return end;
  // A strict fan-out fails with its first failure, unchanged.
  if (policy.isStrict && cause !== undefined) return cause;
  return branchesFailed(type, { branches, succeeded, failed }, cause);
}

function branchesFailed(
  type: string,
  { branches, succeeded, failed }: BranchCounts,
  cause: Failure | undefined,
): Failure {
  return systemFailure(
    "BRANCHES_FAILED",
    `${failed} of ${branches} branches of ${type} failed, and ${succeeded} succeeded`,
    {
      details: { branches, succeeded, failed },
      ...(cause !== undefined && { cause }),
      function: type,
    },
  );
}
