import type { Clock } from "../../../core/host/clock.ts";
import { setLongTimer } from "../../../core/host/long-timer.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** An event that may happen. */
export type Action = () => void;

/**
 * After this much time with nothing but the engine's own periodic timers, everything is at rest.
 */
const REST_MS = 120_000;
/** Time before a due instant at which the engine is awake again, so that it does not miss it. */
const AWAKE_MS = 90_000;

/**
 * The events of a simulated world: those that can happen now, those due at an instant, and those
 * that wait until nothing else can happen now.
 *
 * EQ1 One event happens at a time. `choose` picks the next one.
 * EQ2 Time passes only when nothing can happen now.
 * EQ3 The engine's own timers may be late: if nothing is due for long, time skips them. Awaited
 * instants and due times in the store are exact.
 */
export class EventQueue {
  readonly #clock = new VirtualClock();
  readonly #choose: (count: number) => number;
  readonly #ready: Action[] = [];
  readonly #last: Action[] = [];
  /** Awaited instants, in order. */
  readonly #instants: number[] = [];
  #restSince: number | undefined;

  constructor(choose: (count: number) => number) {
    this.#choose = choose;
  }

  /** The clock of the engine. Its timers add events. */
  readonly clock: Clock = {
    now: () => this.#clock.now(),
    monotonicNs: () => this.#clock.monotonicNs(),
    setTimer: (delayMs, callback) => this.#clock.setTimer(delayMs, () => this.soon(callback)),
  };

  now(): number {
    return this.#clock.now();
  }

  /** Adds an event that can happen now, but not within the present one. */
  soon(action: Action): void {
    this.#ready.push(action);
  }

  /** Adds an event that can happen once nothing else can at this instant. */
  last(action: Action): void {
    this.#last.push(action);
  }

  /**
   * Adds an event that happens after `delayMs`, an awaited instant. Returns a function that cancels
   * it.
   */
  after(delayMs: number, action: Action): Action {
    const instant = this.#clock.now() + delayMs;
    const at = this.#instants.findLastIndex((other) => other <= instant);
    this.#instants.splice(at + 1, 0, instant);
    const forget = (): void => {
      const known = this.#instants.indexOf(instant);
      if (known >= 0) this.#instants.splice(known, 1);
    };
    const removedDelayed = (): void => {
      forget();
      this.soon(action);
    };
    // A delay that fits a timer is exact; a longer one is cut to whole milliseconds.
    const cancel =
      delayMs < 2 ** 31
        ? this.#clock.setTimer(delayMs, removedDelayed)
        : setLongTimer(this.#clock, delayMs, removedDelayed);
    return () => {
      forget();
      cancel();
    };
  }

  /** Waits until everything due within `delayMs` has happened. */
  until(delayMs: number): { readonly promise: Promise<void>; readonly cancel: Action } {
    const { promise, resolve } = Promise.withResolvers<void>();
    return { promise, cancel: this.after(delayMs, () => this.last(resolve)) };
  }

  /** True if an instant is awaited. */
  get isAwaited(): boolean {
    return this.#instants.length > 0;
  }

  /** Takes the next event, if one can happen now. */
  takeNext(): Action | undefined {
    if (this.#ready.length === 0) return this.#last.shift();
    if (this.#ready.length === 1) return this.#ready.pop();
    return this.#ready.splice(this.#choose(this.#ready.length), 1)[0];
  }

  /**
   * Lets time pass until an event can happen. Returns whether one can.
   * @param due the earliest due instants in the store and of handlers, if there are any
   */
  advanceTime(due: readonly (number | undefined)[]): boolean {
    const next = Math.min(...[this.#instants[0], ...due].map((instant) => instant ?? Infinity));
    const now = this.now();
    if (next < Infinity) {
      this.#restSince = undefined;
      if (next - now > 2 * AWAKE_MS) this.#clock.skip(next - now - AWAKE_MS);
      return this.#clock.jump();
    }
    this.#restSince ??= now;
    return now - this.#restSince < REST_MS && this.#clock.jump();
  }

  /** Starts a new rest period, because an event may have consequences. */
  noteActivity(): void {
    this.#restSince = undefined;
  }
}
