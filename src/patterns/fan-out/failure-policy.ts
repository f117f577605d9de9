import { checkOptions } from "../../core/validation/check-options.ts";
import { notAsExpected } from "../composing/option-checks.ts";

/** What becomes of a fan-out when branches fail. */
export type OnFailure =
  /** The first failure fails it, and cancels the others. */
  | "cancel"
  /** All branches settle, and the join is told how each one ended. */
  | "settle"
  /** As `settle`, but one failure more than so many, or than this share of all branches, fails it and cancels the others. */
  | { readonly tolerate: number | `${number}%` };

/** When a fan-out is over before all branches have settled. */
export interface FailurePolicy {
  /** The join gets values, not how each branch ended. */
  readonly isStrict: boolean;
  /** How many of so many branches may fail. */
  readonly mayFail: (branches: number) => number;
  /** Successes after which no more are needed. */
  readonly enough: number | undefined;
}

/** How a fan-out stands. */
export interface Count {
  readonly branches: number;
  readonly succeeded: number;
  readonly failed: number;
}

/** Reads the options `onFailure` and `enough` of a fan-out. @throws `INVALID_OPTIONS` */
export function failurePolicy(where: string, onFailure: unknown, enough: unknown): FailurePolicy {
  if (enough !== undefined && (!Number.isSafeInteger(enough) || (enough as number) < 0))
    throw notAsExpected(`enough of ${where}`, "a whole number from 0", enough);
  const mode = onFailure === undefined ? (enough === undefined ? "cancel" : "settle") : onFailure;
  const most =
    mode === "cancel"
      ? () => 0
      : mode === "settle"
        ? () => Number.POSITIVE_INFINITY
        : readTolerance(where, mode);
  return {
    isStrict: mode === "cancel" && enough === undefined,
    mayFail: most,
    enough: enough as number | undefined,
  };
}

/** Whether a fan-out is over before its time: there are too many failures, or enough successes. */
export function judge(
  { mayFail, enough }: FailurePolicy,
  { branches, succeeded, failed }: Count,
): "failed" | "enough" | undefined {
  if (failed > mayFail(branches)) return "failed";
  if (enough === undefined) return undefined;
  if (succeeded >= enough) return "enough";
  return branches - failed < enough ? "failed" : undefined;
}

function readTolerance(where: string, mode: unknown): FailurePolicy["mayFail"] {
  const isTolerance = typeof mode === "object" && mode !== null && "tolerate" in mode;
  if (isTolerance) checkOptions(`onFailure of ${where}`, mode, ["tolerate"]);
  const tolerate = isTolerance ? mode.tolerate : undefined;
  if (Number.isSafeInteger(tolerate) && (tolerate as number) >= 0) return () => tolerate as number;
  const share =
    typeof tolerate === "string" && /^\d+(\.\d+)?%$/.test(tolerate)
      ? Number.parseFloat(tolerate)
      : Number.NaN;
  if (share >= 0 && share <= 100) return (branches) => Math.floor((branches * share) / 100);
  throw notAsExpected(
    `onFailure of ${where}`,
    '"cancel", "settle", { tolerate: 2 } or { tolerate: "5%" }',
    mode,
  );
}
