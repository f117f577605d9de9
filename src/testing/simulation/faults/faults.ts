/**
 * Faults to inject in a simulation, and their frequency. By default nothing fails, and everything
 * happens in order.
 */
export interface Faults {
  /**
   * Probability that a commit ends the process, in one of the ways of `CrashMode`. Also the
   * probability that a start ends at once.
   */
  readonly crash?: number;
  /**
   * Probability that a client request that may be repeated (`start`, `call`, `settle`, `reject`) is
   * sent twice. Also the probability that a commit is lost with its process, so that the messages
   * it consumed are delivered again.
   */
  readonly redeliver?: number;
  /**
   * Whether things that can happen at the same instant happen in any order; default `false`: first
   * come, first served.
   */
  readonly reorder?: boolean;
  /**
   * Whether commits take time, up to 50 ms each, and become visible to readers early or late;
   * default `false`: commits take no time.
   */
  readonly slowCommit?: boolean;
  /** Maximum number of crashes, so that every run ends; default 10. */
  readonly maxCrashes?: number;
}
