import { checkedBy, invalidOption, nested } from "../../core/validation/options.ts";
import type { Option } from "../../core/validation/options.ts";

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

/** How many of so many branches may fail. */
type MayFail = FailurePolicy["mayFail"];

type Tolerance = Extract<OnFailure, object>;

const TOLERANCE_OPTIONS = { tolerate: checkedBy<MayFail, Tolerance["tolerate"]>(readTolerance) };
const TOLERANCE = nested<typeof TOLERANCE_OPTIONS, Tolerance>(TOLERANCE_OPTIONS);

/** The option `onFailure`. The value to use tells how many of so many branches may fail. */
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
  return { isStrict, mayFail: mayFail ?? whenAbsent, enough };
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

function readTolerance(value: unknown, name: string): MayFail {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return () => value as number;
  const share =
    typeof value === "string" && /^\d+(\.\d+)?%$/.test(value)
      ? Number.parseFloat(value)
      : Number.NaN;
  if (share >= 0 && share <= 100) return (branches) => Math.floor((branches * share) / 100);
  throw invalidOption(name, 'a whole number from 0, or a share such as "5%"', value);
}
