import type { Clock } from "../../../core/host/clock.ts";
import { setLongTimer } from "../../../core/host/long-timer.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** Something that may happen. */
export type Action = () => void;

/** The longest that nothing but the engine's own rounds has to happen before all is taken to have come to rest. */
const REST_MS = 120_000;
/** How long before something is due the engine is awake again, to see it come. */
const AWAKE_MS = 90_000;

/**
 * What can happen in a simulated world: now, at an instant, or once nothing else can happen now.
 *
 * AG1 One action at a time; which of several is next is chosen by whoever is in charge.
 * AG2 Time passes only when nothing can happen now.
 * AG3 The engine's own timers may be late: when nothing is due for long, they are slept through. Time that somebody waits
 *    for, and what the store holds for an instant, comes at that instant.
 */
export class Agenda {
  readonly #clock = new VirtualClock();
  readonly #choose: (count: number) => number;
  readonly #ready: Action[] = [];
  readonly #last: Action[] = [];
  /** Instants that somebody waits for, in order. */
  readonly #instants: number[] = [];
  #restSince: number | undefined;

  constructor(choose: (count: number) => number) {
    this.#choose = choose;
  }

  /** Time as it is told to whoever asks; its timers are the engine's. */
  readonly clock: Clock = {
    now: () => this.#clock.now(),
    monotonicNs: () => this.#clock.monotonicNs(),
    setTimer: (delayMs, callback) => this.#clock.setTimer(delayMs, () => this.soon(callback)),
  };

  now(): number {
    return this.#clock.now();
  }

  /** Adds something that can happen now, though not within the present action. */
  soon(action: Action): void {
    this.#ready.push(action);
  }

  /** Adds something that can happen once nothing else can at this instant. */
  last(action: Action): void {
    this.#last.push(action);
  }

  /** Adds something that can happen after `delayMs`, which is waited for; gives its cancellation. */
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
    // Only what is longer than a timer can be is cut to whole milliseconds.
    const cancel =
      delayMs < 2 ** 31
        ? this.#clock.setTimer(delayMs, removedDelayed)
        : setLongTimer(this.#clock, delayMs, removedDelayed);
    return () => {
      forget();
      cancel();
    };
  }

  /** Waits until everything that is due within `delayMs` has happened. */
  until(delayMs: number): { readonly promise: Promise<void>; readonly cancel: Action } {
    const { promise, resolve } = Promise.withResolvers<void>();
    return { promise, cancel: this.after(delayMs, () => this.last(resolve)) };
  }

  /** Whether somebody waits for an instant. */
  get isAwaited(): boolean {
    return this.#instants.length > 0;
  }

  /** Takes what is to happen next, if anything can now. */
  take(): Action | undefined {
    if (this.#ready.length === 0) return this.#last.shift();
    if (this.#ready.length === 1) return this.#ready.pop();
    return this.#ready.splice(this.#choose(this.#ready.length), 1)[0];
  }

  /**
   * Lets time pass until something can happen; tells whether something can.
   * @param due instants of what is kept for later, if anything is
   */
  pass(due: readonly (number | undefined)[]): boolean {
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

  /** Something has happened that may have consequences. */
  stir(): void {
    this.#restSince = undefined;
  }
}
