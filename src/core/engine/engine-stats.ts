import type { LineCounts } from "../host/line-kinds.ts";

/** Figures about a running engine. Counts begin when the engine starts. */
export interface EngineStats {
  /** Number of messages handled so far: by handlers, and by functions of the library. */
  readonly activations: number;
  /** Number of messages that wait for a handler. Paused, parked and delayed ones do not count. */
  readonly queued: number;
  /**
   * Time (ms) since the oldest of them could be handled first, or since the start of the engine. It is at most 1 % too
   * long, or 10 ms. 0 if none waits.
   */
  readonly oldestQueuedMs: number;
  readonly slots: {
    /** Number of handler slots (`concurrency`). */
    readonly all: number;
    /** Number of slots that handlers use. */
    readonly taken: number;
    /** Number of handlers that are blocked in `ctx.get`. They have no slot. */
    readonly blocked: number;
  };
  readonly commits: CommitStats;
  /** Number of messages that wait for code, or for a state that can be read. */
  readonly parked: number;
  /** Number of dead letters. */
  readonly deadLetters: number;
  /** Number of delayed messages whose time has come, and that have not left yet. */
  readonly timersDue: number;
  /**
   * Number of events of each kind that the log tells. Lines that were left out because of a storm
   * count.
   */
  readonly lines: LineCounts;
}

/** Figures about commits. */
export interface CommitStats {
  /** Number of commits since the start. */
  readonly count: number;
  /** Mean number of messages that one of the last 1,000 commits added and removed. */
  readonly batchSize: number;
  /** Time (ms) within which half of the last 1,000 commits were done. 0 before the first one. */
  readonly p50Ms: number;
  /** The same for 99 of 100. */
  readonly p99Ms: number;
}
