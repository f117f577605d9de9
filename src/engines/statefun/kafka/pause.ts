/** The passing of time. */
export interface Time {
  /** Monotonic reading in ms. */
  readonly elapsedMs: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [50, 2_000];

/** Returns the pause before the next attempt, in ms. It doubles with each failure. */
export function pauseAfter(failures: number): number {
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures);
}
