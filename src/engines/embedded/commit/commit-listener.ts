import type { HandbackError } from "../../../core/errors/errors.ts";
import type { WriteBatch } from "./write-batch.ts";

/**
 * The port on which group commit reports to the rooms above it: each outcome of a commit, and the
 * state of the disk.
 */
export interface CommitListener {
  /** Tells whether more work for the current batch is about to arrive. */
  readonly expectsMore: boolean;
  /** Handles a batch that is on disk. */
  committed(batch: WriteBatch): void;
  /** Handles a failed commit. Whether it happened is unknown. */
  commitFailed(error: unknown): void;
  /**
   * Handles a disk that has become full. Callers of work under way may get `doubt`: the work is
   * kept and tried again.
   */
  diskFull(doubt: HandbackError): void;
  /** Handles a disk that has space again. */
  diskFreed(): void;
}
