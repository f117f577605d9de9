/**
 * The way in which a process ends at a commit.
 * - `before`: just before the commit; the commit is not stored
 * - `after`: the commit is stored, but the process has not received the confirmation
 * - `lost`, `kept`: during the commit, while other work goes on; the commit is lost, or stored
 * - `refused`, `unsure`: the store fails and the engine stops; the commit is lost, or stored
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
 * A planned crash: at which commit, and how. Commits count from 1 over all engines of the run. A
 * commit that was lost is retried under the same number, and can crash again if another point names
 * it.
 */
export interface CrashPoint {
  readonly commit: number;
  readonly how: CrashMode;
}

/** A crash that has happened: at a commit, at a start, on request, or in a `crashing` handler. */
export interface Crash {
  readonly how: CrashMode | "start" | "asked" | "handler";
  /**
   * The commit at which it happened, or the last one before it. Numbered as in {@link CrashPoint}.
   */
  readonly commit: number;
  /** Virtual time since the start of the run, in ms. */
  readonly at: number;
}
