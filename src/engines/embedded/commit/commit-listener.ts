import type { HandbackError } from "../../../core/errors/errors.ts";
import type { WriteBatch } from "./write-batch.ts";

/**
 * The port on which group commit reports to the rooms above it: each outcome of a commit, and
 * outages of the store.
 */
export interface CommitListener {
  /** Tells whether more work for the current batch is about to arrive. */
  readonly expectsMore: boolean;
  /** Handles a batch that is on disk. */
  committed(batch: WriteBatch): void;
  /** Handles a failed commit. Whether it happened is unknown. */
  commitFailed(error: unknown): void;
  /**
   * Handles an outage of the store: requests are refused from now on. Callers of work under way may
   * get `doubt`: the work is kept and tried again.
   */
  outage(doubt: HandbackError): void;
  /** Handles the end of an outage. */
  outageOver(): void;
}
