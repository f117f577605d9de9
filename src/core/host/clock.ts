/** A source of time. The library reads no other clock and sets no other timer. */
export interface Clock {
  /** Wall-clock instant, in ms since the epoch. */
  now(): number;
  /** Monotonic reading for durations, in integer nanoseconds. */
  monotonicNs(): number;
  /**
   * Calls back once, no earlier than `delayMs` from now (0 to 2^31 - 1). Returns a function that
   * cancels.
   */
  setTimer(delayMs: number, callback: () => void): () => void;
}
