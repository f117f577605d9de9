import type { Settlement } from "../../futures/types/future.ts";

/** How one branch ended; `cancelled`: it was under way, or had not begun, when the fan-out was over. */
export type BranchOutcome<Output> = Settlement<Output> | { readonly status: "cancelled" };

/** What the join gets when the fan-out lives with failures. */
export interface FanOutReport<Output> {
  /** Why it is over: every branch settled, or there were enough successes. */
  readonly reason: "completed" | "enough";
  /** How each branch ended, in the order of the items. */
  readonly branches: readonly BranchOutcome<Output>[];
}
