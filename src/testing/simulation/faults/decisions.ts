import type { CrashMode } from "./crash.ts";

/** The course of one commit. */
export interface Fate {
  /** Duration, in ms. */
  readonly takesMs: number;
  /** True if readers see it before it resolves. A store may do either. */
  readonly seenEarly: boolean;
  /** The way in which the process ends at it, if it does. */
  readonly crash?: CrashMode;
}

/** Makes every choice that a simulated world leaves open. */
export interface Decisions {
  /** Picks the next of `count` things (1 or more). Returns an index. */
  choose(count: number): number;
  /** Decides the course of a commit. Commits are numbered as in `CrashPoint`. */
  commit(commit: number): Fate;
  /** Decides if the process ends as soon as it has started. */
  crashesAtStart(): boolean;
  /** Decides the downtime of a machine after a crash, in ms. */
  downtimeMs(): number;
  /** Decides if a client's request is sent twice. Requests count from 1. */
  repeats(request: number): boolean;
}
