import type { Clock } from "../../../core/host/clock.ts";
import { turn } from "./event-loop.ts";

const NS_PER_MS = 1_000_000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const DAY_MS = 86_400_000;

/** Turns of the event loop in which nothing reads the clock, sets a timer or holds time, after which all is taken to be waiting for time. */
const QUIET_TURNS = 4;

interface Timer {
  readonly atNs: number;
  readonly callback: () => void;
}

/**
 * Time that passes only when everything waits for it: tests of days take milliseconds, and give the same figures each time.
 *
 * It starts at 2030-01-01, at a whole millisecond. Durations are exact to the nanosecond up to about 100 days.
 */
export class VirtualClock implements Clock {
  /** Instant at which it starts, in ms since the epoch. */
  static readonly startAt = Date.UTC(2030, 0, 1);

  /** By instant, then in the order in which they were set. */
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
      throw new RangeError(`a timer of ${delayMs} ms is not what a Clock promises`);
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

  /** Works for `ms`, exact to the nanosecond: what a handler under test does instead of real work. */
  work(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.setTimer(ms, resolve);
    return promise;
  }

  /** Holds time until `work` has settled: what goes on elsewhere, such as in a thread, shows in nothing else. Gives what `work` gives. */
  async hold<Result>(work: Promise<Result>): Promise<Result> {
    this.#holds++;
    try {
      return await work;
    } finally {
      this.#holds--;
    }
  }

  /** Goes to the next timer, and calls back whoever is due then; tells whether there was one. */
  jump(): boolean {
    if (this.#timers.length === 0) return false;
    this.#jump();
    return true;
  }

  /** Lets time pass with nobody awake: what was due meanwhile is late, as when a machine has slept. */
  skip(ms: number): void {
    this.#ns += Math.round(ms * NS_PER_MS);
  }

  /** Lets time pass: everything that is due until then happens at its instant. */
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
   * Drives whatever runs on this clock until `promise` settles: lets everything happen that needs no time, then jumps to
   * the next timer. May be called for several promises at once. Fails when nothing, or nothing within `limitMs`, settles it.
   */
  async until<T>(promise: Promise<T>, limitMs = 2 * DAY_MS): Promise<T> {
    const settled = (): boolean => this.#awaited.delete(promise);
    this.#awaited.add(promise);
    promise.then(settled, settled);
    const limitNs = this.#ns + limitMs * NS_PER_MS;
    while (this.#awaited.has(promise)) {
      if (this.#ns > limitNs) throw new Error(`still pending after ${limitMs} ms of virtual time`);
      if (this.#driving) await turn();
      else await this.#step();
    }
    return promise;
  }

  async #quietUnless(isInterrupted: () => boolean): Promise<void> {
    for (let quiet = 0; quiet < QUIET_TURNS && !isInterrupted(); quiet++) {
      const before = this.#uses;
      await turn();
      if (this.#uses !== before || this.#holds > 0) quiet = -1;
    }
  }

  async #step(): Promise<void> {
    this.#driving = true;
    try {
      const awaited = [...this.#awaited];
      // Whoever waited for what has just settled may do something else at once, while other things are still under way.
      const isAnySettled = (): boolean => awaited.some((promise) => !this.#awaited.has(promise));
      await this.#quietUnless(isAnySettled);
      if (isAnySettled()) return;
      if (this.#timers.length === 0)
        throw new Error("still pending, and nothing is left that could happen");
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
