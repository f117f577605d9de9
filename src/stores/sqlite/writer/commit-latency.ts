import type { Packed } from "../rows/packed.ts";

/** Numbers in a packed batch, and characters, up to which it counts as small. */
const [SMALL, SMALL_TEXT] = [160, 65_536];
/** Time, in ms, of a commit from which it is not worth having the next one wait in the thread: it had better grow meanwhile. */
const LONG_MS = 10;
/** Time, in ms, that the event loop may well stand still. */
const SHORT_MS = 1;
/** How much of what is known goes by what was seen last. */
const WEIGHT = 0.25;

/**
 * Tells which commits are made on the event loop, at once, and which by a thread: handing a batch to a thread and back takes about as
 * long as a fast disk takes to write it.
 *
 * A slow disk is known by the commits before: one is enough to go to the thread, and several fast ones to come back.
 */
export class CommitLatency {
  #expectedMs = 0;
  #lastMs = 0;

  isShort(packed: Packed): boolean {
    return isSmall(packed) && this.isFast;
  }

  /** Whether the event loop may well wait for the disk. */
  get isFast(): boolean {
    return this.#expectedMs <= SHORT_MS;
  }

  /** Whether the thread is done with a batch so soon that it would wait for the next one. */
  get isQuick(): boolean {
    return this.#lastMs < LONG_MS;
  }

  /** Takes note of how long a commit took, wherever it was made. */
  note(packed: Packed, ms: number): void {
    this.#lastMs = ms;
    if (!isSmall(packed)) return;
    this.#expectedMs =
      ms > SHORT_MS
        ? Math.max(ms, this.#expectedMs)
        : this.#expectedMs + (ms - this.#expectedMs) * WEIGHT;
  }
}

function isSmall({ numbers, chunks }: Packed): boolean {
  return numbers.length <= SMALL && chunks.length <= 1 && (chunks[0]?.length ?? 0) <= SMALL_TEXT;
}
