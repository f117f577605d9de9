/** What may go wrong in a simulation, and how often; by default nothing does, and everything happens in order. */
export interface Faults {
  /**
   * Probability, for each commit, that the process ends at it, in one of the ways of `CrashMode`; and for each start
   * that it ends at once.
   */
  readonly crash?: number;
  /**
   * Probability, for each request of a client that may be repeated (`start`, `call`, `settle`, `reject`), that it is sent twice; and for
   * each commit that it is lost with its process, so that the messages it consumed are delivered again.
   */
  readonly redeliver?: number;
  /** Whether what can happen at one instant happens in any order; default `false`: first come, first served. */
  readonly reorder?: boolean;
  /** Whether commits take their time, up to 50 ms each, and are seen by readers early or late; default `false`: none. */
  readonly slowCommit?: boolean;
  /** Crashes after which there are no more, so that every run ends; default 10. */
  readonly maxCrashes?: number;
}
