import type { Packed } from "../rows/packed.ts";

/** Numbers in a packed batch, and characters, up to which it counts as small. */
const [SMALL, SMALL_TEXT] = [160, 65_536];
/**
 * Duration of a commit, in ms, from which the next batch should grow instead of waiting in the
 * thread.
 */
const LONG_MS = 10;
/** Time, in ms, for which a commit may block the event loop. */
const SHORT_MS = 1;
/** Weight of the latest commit in the moving average. */
const WEIGHT = 0.25;

/**
 * Predicts which commits are short enough for the event loop; the writer thread makes the others.
 * Passing a batch to the thread and back takes about as long as a fast disk takes to write it.
 *
 * The latency of earlier commits shows how slow the disk is. One slow commit is enough to switch to
 * the thread; it takes several fast ones to switch back.
 */
export class CommitLatency {
  #expectedMs = 0;
  #lastMs = 0;

  /** Returns whether to make this commit on the event loop. */
  isShort(packed: Packed): boolean {
    return isSmallBatch(packed) && this.isFast;
  }

  /** Returns whether the event loop may wait for the disk. */
  get isFast(): boolean {
    return this.#expectedMs <= SHORT_MS;
  }

  /**
   * Returns whether the last commit was so quick that the thread would idle until it gets the next
   * batch.
   */
  get wasQuick(): boolean {
    return this.#lastMs < LONG_MS;
  }

  /** Records the duration of a commit, on the event loop or in the thread. */
  record(packed: Packed, ms: number): void {
    this.#lastMs = ms;
    if (!isSmallBatch(packed)) return;
    this.#expectedMs =
      ms > SHORT_MS
        ? Math.max(ms, this.#expectedMs)
        : this.#expectedMs + (ms - this.#expectedMs) * WEIGHT;
  }
}

function isSmallBatch({ numbers, chunks }: Packed): boolean {
  return numbers.length <= SMALL && chunks.length <= 1 && (chunks[0]?.length ?? 0) <= SMALL_TEXT;
}
