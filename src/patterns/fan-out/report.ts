import type { Settlement } from "../../futures/types/future.ts";

/**
 * The outcome of one branch. `cancelled`: it was running, or had not started, when the fan-out
 * ended.
 */
export type BranchOutcome<Output> = Settlement<Output> | { readonly status: "cancelled" };

/** The input of the join if the fan-out tolerates failures. */
export interface FanOutReport<Output> {
  /** Why the fan-out ended: every branch settled, or there were enough successes. */
  readonly reason: "completed" | "enough";
  /** The outcome of each branch, in the order of the items. */
  readonly branches: readonly BranchOutcome<Output>[];
}
