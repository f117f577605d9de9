import type { Clock } from "../../../core/host/clock.ts";
import { nextTurn } from "./event-loop.ts";

const NS_PER_MS = 1_000_000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const DAY_MS = 86_400_000;

/**
 * After this many turns of the event loop in which nothing reads the clock, sets a timer or holds
 * time, everything is assumed to wait for time.
 */
const QUIET_TURNS = 4;

interface Timer {
  readonly atNs: number;
  readonly callback: () => void;
}

/**
 * A clock that moves only when everything waits for it. Tests of days take milliseconds, and
 * measure the same times in every run.
 *
 * It starts at 2030-01-01, at a whole millisecond. Durations are exact to the nanosecond up to
 * about 100 days.
 */
export class VirtualClock implements Clock {
  /** Instant at which it starts, in ms since the epoch. */
  static readonly startAt = Date.UTC(2030, 0, 1);

  /** Ordered by instant, then by the order in which they were set. */
  readonly #timers: Timer[] = [];
  readonly #awaited = new Set<Promise<unknown>>();
  #ns = 0;
  #uses = 0;
  #holds = 0;
  #driving = false;

  now(): number {
    this.#uses++;
    return VirtualClock.startAt + Math.floor(this.#ns / NS_PER_MS);
  }

  monotonicNs(): number {
    this.#uses++;
    return this.#ns;
  }

  setTimer(delayMs: number, callback: () => void): () => void {
    if (!(delayMs >= 0 && delayMs <= LONGEST_TIMER_MS))
      throw new RangeError(
        `setTimer: expected a delay from 0 to ${LONGEST_TIMER_MS} ms, got ${delayMs}`,
      );
    this.#uses++;
    const timer = { atNs: this.#ns + Math.round(delayMs * NS_PER_MS), callback };
    const after = this.#timers.findLastIndex(({ atNs }) => atNs <= timer.atNs);
    this.#timers.splice(after + 1, 0, timer);
    return () => {
      this.#uses++;
      const at = this.#timers.indexOf(timer);
      if (at >= 0) this.#timers.splice(at, 1);
    };
  }

  /** Works for `ms`, exact to the nanosecond. Handlers under test do this instead of real work. */
  work(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.setTimer(ms, resolve);
    return promise;
  }

  /**
   * Holds time until `work` has settled, and returns its result. Needed for work that the event
   * loop does not show, such as work in a thread.
   */
  async hold<Result>(work: Promise<Result>): Promise<Result> {
    this.#holds++;
    try {
      return await work;
    } finally {
      this.#holds--;
    }
  }

  /**
   * Moves to the next timer, and fires all timers due at that instant. Returns false if there is no
   * timer.
   */
  jump(): boolean {
    if (this.#timers.length === 0) return false;
    this.#jump();
    return true;
  }

  /**
   * Moves time forward without firing timers, as when a machine sleeps. Timers due in the meantime
   * fire late.
   */
  skip(ms: number): void {
    this.#ns += Math.round(ms * NS_PER_MS);
  }

  /** Moves time forward, and fires each timer at its instant. */
  async advance(ms: number): Promise<void> {
    const untilNs = this.#ns + Math.round(ms * NS_PER_MS);
    await this.quiet();
    while ((this.#timers[0]?.atNs ?? Number.POSITIVE_INFINITY) <= untilNs) {
      this.#jump();
      await this.quiet();
    }
    this.#ns = untilNs;
  }

  /** Lets everything happen that needs no time. */
  async quiet(): Promise<void> {
    await this.#quietUnless(() => false);
  }

  /**
   * Drives everything that runs on this clock until `promise` settles: lets everything happen that
   * needs no time, then jumps to the next timer. May be called for several promises at once. Fails
   * if no timer is left, or if the promise is still pending after `limitMs`.
   */
  async until<T>(promise: Promise<T>, limitMs = 2 * DAY_MS): Promise<T> {
    const settled = (): boolean => this.#awaited.delete(promise);
    this.#awaited.add(promise);
    promise.then(settled, settled);
    const limitNs = this.#ns + limitMs * NS_PER_MS;
    while (this.#awaited.has(promise)) {
      if (this.#ns > limitNs) throw new Error(`still pending after ${limitMs} ms of virtual time`);
      if (this.#driving) await nextTurn();
      else await this.#step();
    }
    return promise;
  }

  async #quietUnless(isInterrupted: () => boolean): Promise<void> {
    for (let quiet = 0; quiet < QUIET_TURNS && !isInterrupted(); quiet++) {
      const before = this.#uses;
      await nextTurn();
      if (this.#uses !== before || this.#holds > 0) quiet = -1;
    }
  }

  async #step(): Promise<void> {
    this.#driving = true;
    try {
      const awaited = [...this.#awaited];
      // Return as soon as one has settled: its caller may continue while other work is still under
      // way.
      const isAnySettled = (): boolean => awaited.some((promise) => !this.#awaited.has(promise));
      await this.#quietUnless(isAnySettled);
      if (isAnySettled()) return;
      if (this.#timers.length === 0) throw new Error("still pending, but nothing more can happen");
      this.#jump();
    } finally {
      this.#driving = false;
    }
  }

  #jump(): void {
    const atNs = this.#timers[0]?.atNs ?? this.#ns;
    this.#ns = Math.max(this.#ns, atNs);
    const later = this.#timers.findIndex((timer) => timer.atNs > atNs);
    for (const { callback } of this.#timers.splice(0, later < 0 ? this.#timers.length : later))
      callback();
  }
}
