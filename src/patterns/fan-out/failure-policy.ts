import { checkedBy, invalidOption, nested } from "../../core/validation/options.ts";
import type { InvokeOptions } from "../../futures/types/context.ts";
import type { Option } from "../../core/validation/options.ts";

/** The effect of failed branches on a fan-out. */
export type OnFailure =
  /** The first failure fails the fan-out and cancels the other branches. */
  | "cancel"
  /** All branches settle, and the join receives the outcome of each. */
  | "settle"
  /**
   * As `settle`, until more branches fail than this number or share of all branches. That fails the
   * fan-out and cancels the other branches.
   */
  | { readonly tolerate: number | `${number}%` };

/** The rules that end a fan-out before all branches have settled. */
export interface FailurePolicy {
  /** The join receives values, not outcomes. */
  readonly isStrict: boolean;
  /** The input of the join, as part of the names of stages: stores have it. */
  readonly given: "values" | "outcomes";
  /** Returns how many of this many branches may fail. */
  readonly mayFail: (branches: number) => number;
  /** Number of successes that ends the fan-out. */
  readonly enough: number | undefined;
}

/** Options of the call of a branch. A fan-out that deals with failures does not let it pause. */
export function branchOptions({ isStrict }: FailurePolicy): InvokeOptions | undefined {
  return isStrict ? undefined : { whenFailed: "fail" };
}

/** The settled branches of a fan-out. */
export interface BranchCounts {
  readonly branches: number;
  readonly succeeded: number;
  readonly failed: number;
}

/** Returns how many of this many branches may fail. */
type MayFail = FailurePolicy["mayFail"];

type Tolerance = Extract<OnFailure, object>;

const TOLERANCE_OPTIONS = { tolerate: checkedBy<MayFail, Tolerance["tolerate"]>(readTolerance) };
const TOLERANCE = nested<typeof TOLERANCE_OPTIONS, Tolerance>(TOLERANCE_OPTIONS);

/** The option `onFailure`. Its value returns how many of this many branches may fail. */
export function failureTolerance(): Option<MayFail, OnFailure> {
  return checkedBy((value, name) => {
    if (value === "cancel") return () => 0;
    if (value === "settle") return () => Number.POSITIVE_INFINITY;
    if (typeof value === "object" && value !== null) return TOLERANCE.read(value, name).tolerate;
    throw invalidOption(name, '"cancel", "settle" or { tolerate: 2 }', value);
  });
}

/** Makes the policy of a fan-out from its options `onFailure` and `enough`. */
export function failurePolicy(
  mode: OnFailure | undefined,
  mayFail: MayFail | undefined,
  enough: number | undefined,
): FailurePolicy {
  // With `enough`, failures are tolerated unless they make that number impossible.
  const whenAbsent: MayFail = () => (enough === undefined ? 0 : Number.POSITIVE_INFINITY);
  const isStrict = enough === undefined && (mode === undefined || mode === "cancel");
  const given = isStrict ? "values" : "outcomes";
  return { isStrict, given, mayFail: mayFail ?? whenAbsent, enough };
}

/**
 * Returns `"failed"` after too many failures, `"enough"` after enough successes, and `undefined`
 * while the fan-out goes on.
 */
export function earlyEnd(
  { mayFail, enough }: FailurePolicy,
  { branches, succeeded, failed }: BranchCounts,
): "failed" | "enough" | undefined {
  if (failed > mayFail(branches)) return "failed";
  if (enough === undefined) return undefined;
  if (succeeded >= enough) return "enough";
  return branches - failed < enough ? "failed" : undefined;
}

function readTolerance(value: unknown, name: string): MayFail {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return () => value as number;
  const share =
    typeof value === "string" && /^\d+(\.\d+)?%$/.test(value)
      ? Number.parseFloat(value)
      : Number.NaN;
  if (share >= 0 && share <= 100) return (branches) => Math.floor((branches * share) / 100);
  throw invalidOption(name, 'a whole number from 0, or a share such as "5%"', value);
}
