/** How large the benches are that measure what is kept, and not for how long. */
export interface Sizes {
  /** Flows that wait for a person. */
  readonly flows: number;
  /** Timers due within an hour. */
  readonly timers: number;
  /** Timers due at one instant. */
  readonly burst: number;
  /** States, and parked flows, in the largest of the stores that are filled; the others are ten times smaller each. */
  readonly states: number;
  /** Callers at once with a slow disk: each call waits for some flushes, one after the other, so it takes many to keep all else busy. */
  readonly callers: number;
  /** Flows that run to their end while the size of the file is watched. */
  readonly finished: number;
}

/** Sizes at which all benches together take some minutes. */
export const DEFAULT_SIZES: Sizes = {
  flows: 20_000,
  timers: 20_000,
  burst: 10_000,
  states: 100_000,
  callers: 2_048,
  finished: 40_000,
};
