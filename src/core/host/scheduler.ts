/**
 * Decides the next step of an engine where several are possible. The machine has one, and so has a
 * simulator.
 */
export interface Scheduler {
  /** Runs a step soon, never within the current one. */
  soon(step: () => void): void;
  /** Picks one of `count` ready addresses, as an index below `count`. */
  choose(count: number): number;
}
