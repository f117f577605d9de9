/**
 * Decides what an engine does next where several things may happen: the machine's way, or a simulator's.
 */
export interface Scheduler {
  /** Runs a step soon, never within the present one. */
  soon(step: () => void): void;
  /** Which of `count` addresses that are ready has its turn: an index below `count`. */
  choose(count: number): number;
}
