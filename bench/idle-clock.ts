import type { Clock } from "../src/index.ts";

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** Turns of the event loop without activity after which nothing but time is waited for. */
const QUIET_TURNS = 3;

/**
 * A clock that stands still while there is work, and jumps to the next timer when there is none: months pass in seconds.
 * Durations are real, so that runs are billed what they take.
 */
export class IdleClock implements Clock {
  readonly #timers = new Set<Timer>();
  #now = Date.UTC(2030, 0, 1);

  now(): number {
    return this.#now;
  }

  monotonicNs(): number {
    return Math.round(performance.now() * 1e6);
  }

  setTimer(delayMs: number, callback: () => void): () => void {
    const timer = { at: this.#now + delayMs, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Lets time pass until `work` has ended; `activity` is any number that changes, or `undefined`, while there is work. */
  async runUntil<Result>(
    work: Promise<Result>,
    activity: () => number | undefined,
  ): Promise<Result> {
    const progress = { isOver: false };
    const end = (): void => {
      progress.isOver = true;
    };
    work.then(end, end);
    for (let quiet = 0, last = activity(); !progress.isOver;) {
      await nextTurn();
      const now = activity();
      quiet = now !== undefined && now === last ? quiet + 1 : 0;
      last = now;
      if (quiet < QUIET_TURNS) continue;
      quiet = 0;
      this.#jump();
    }
    return work;
  }

  #jump(): void {
    let next: Timer | undefined;
    for (const timer of this.#timers) if (next === undefined || timer.at < next.at) next = timer;
    if (next === undefined)
      throw new Error("nothing is left to wait for, and the work has not ended");
    this.#timers.delete(next);
    this.#now = Math.max(this.#now, next.at);
    next.callback();
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
