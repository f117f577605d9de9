/**
 * Time as a case controls it. A virtual clock jumps to the exact millisecond; a real clock takes
 * its time.
 */
export interface Time {
  /** The present instant, in ms since the epoch. */
  now(): number;
  /** Lets `ms` pass, and lets everything happen that is due by then. */
  advance(ms: number): Promise<void>;
  /**
   * Lets everything happen that needs no time. In real time this is a guess: {@link
   * Time.eventually} is safer.
   */
  quiet(): Promise<void>;
  /** Works for `ms`. Handlers of cases do this instead of real work. */
  work(ms: number): Promise<void>;
  /**
   * A duration safely below `ms`: 1 ms less in virtual time, and a quarter of it in real time,
   * where each step takes a while.
   */
  almost(ms: number): number;
  /**
   * Fails unless `ms` lie between two instants: exactly in virtual time, at least in real time.
   * `until` defaults to now.
   */
  assertPassed(ms: number, since: number, until?: number): void;
  /**
   * Checks a condition that should come true without time passing: once everything is quiet in
   * virtual time, repeatedly for a while in real time.
   */
  eventually(check: () => Promise<void>): Promise<void>;
}

/** Time as the suite needs it to run an engine. */
export interface DrivenTime extends Time {
  /** Returns the same object, but awaiting one of its promises lets time pass. */
  drive<Target extends object>(target: Target): Target;
  /** Lets time pass until the promise settles. */
  until<Value>(promise: Promise<Value>): Promise<Value>;
}
