/**
 * How a process ends at a commit.
 * - `before`: when it is about to commit; the commit is not there
 * - `after`: the commit is there, and the process has not heard of it
 * - `lost`, `kept`: while the commit is under way and other things go on; it is not there, or it is
 * - `refused`, `unsure`: the store fails, which stops the engine; the commit is not there, or it is
 */
export type CrashMode = "before" | "after" | "lost" | "kept" | "refused" | "unsure";

/** All ways in which a process ends at a commit. */
export const CRASH_MODES: readonly CrashMode[] = [
  "before",
  "after",
  "lost",
  "kept",
  "refused",
  "unsure",
];

/**
 * A crash that is to come: at which commit, and how. Commits are counted from 1 over all engines of the run; one that did not come about is
 * tried again under the same number, and may crash again if there is another point for it.
 */
export interface CrashPoint {
  readonly commit: number;
  readonly how: CrashMode;
}

/** A crash that has happened: at a commit, at a start, when it was asked for, or in a handler that is `crashing`. */
export interface Crash {
  readonly how: CrashMode | "start" | "asked" | "handler";
  /** The commit at which it happened, or the last one before; counted as in {@link CrashPoint}. */
  readonly commit: number;
  /** Virtual time since the beginning of the run, in ms. */
  readonly at: number;
}
