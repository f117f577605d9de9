/** Time, as a case lets it pass: on a virtual clock at once and to the millisecond, on a real one as it does. */
export interface Time {
  /** The present instant, in ms since the epoch. */
  now(): number;
  /** Lets `ms` pass, and all happen that is due by then. */
  advance(ms: number): Promise<void>;
  /** Lets everything happen that needs no time. In real time that can only be hoped: {@link Time.eventually} is surer. */
  quiet(): Promise<void>;
  /** Works for `ms`: what a handler of a case does instead of real work. */
  work(ms: number): Promise<void>;
  /** What is safely less than `ms`: 1 ms less in virtual time, a quarter of it in real time, where things take a while. */
  almost(ms: number): number;
  /** Fails unless `ms` lie between two instants: exactly in virtual time, at least in real time. `until` is now, unless given. */
  assertPassed(ms: number, since: number, until?: number): void;
  /** Checks what comes about without time passing: once all is quiet in virtual time, again and again for a while in real time. */
  eventually(check: () => Promise<void>): Promise<void>;
}

/** Time, with what the suite needs to have an engine run in it. */
export interface DrivenTime extends Time {
  /** The same object, with promises that let time pass while they are awaited. */
  drive<Target extends object>(target: Target): Target;
  /** Lets time pass until the promise settles. */
  until<Value>(promise: Promise<Value>): Promise<Value>;
}
