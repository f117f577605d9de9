import type { CrashMode } from "./crash.ts";

/** What becomes of a commit. */
export interface Fate {
  /** How long it takes, in ms. */
  readonly takesMs: number;
  /** Whether readers see it before it resolves; a store may do either. */
  readonly seenEarly: boolean;
  /** How the process ends at it, if it does. */
  readonly crash?: CrashMode;
}

/** Decides, in a simulation, what the world is free to decide. */
export interface Decisions {
  /** Which of `count` things, 1 or more, is next: an index. */
  choose(count: number): number;
  /** What becomes of a commit; they are numbered as in `CrashPoint`. */
  commit(commit: number): Fate;
  /** Whether the process ends as soon as it has started. */
  crashesAtStart(): boolean;
  /** How long a machine is down after a crash, in ms. */
  downtimeMs(): number;
  /** Whether a client's request is sent twice; they are numbered from 1. */
  repeats(request: number): boolean;
}
