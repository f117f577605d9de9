import type { Clock } from "../../../core/host/clock.ts";
import { show } from "../../../core/errors/show.ts";
import { messageOf } from "../../../core/errors/thrown.ts";
import { invalidOption } from "../../../core/validation/options.ts";
import { systemClock } from "./system-clock.ts";

/** The last instant a Date can hold, in ms since the epoch. */
const LAST_INSTANT = 8.64e15;
const NS_PER_MS = 1e6;

/**
 * Returns a user's clock as one that keeps the contract of a clock, whatever it does.
 *
 * HC1 An instant is a whole number of ms that a Date can hold. While the clock gives none, time goes
 *     on from its last one, as the machine measures it: the clock's own monotonic reading may be as
 *     faulty.
 * HC2 The monotonic reading never decreases.
 * HC3 A timer calls back at most once, never within `setTimer`, and not after it was canceled. A
 *     timer that the clock cannot set is set by the machine.
 *
 * @param subject - names the owner of the clock in messages
 * @param onFault - called at the first fault, with a description.
 * @throws `INVALID_OPTIONS` if the clock gives no time now
 */
export function checkedClock(
  subject: string,
  clock: Clock,
  onFault: (fault: string) => void,
): Clock {
  return clock === systemClock ? clock : new CheckedClock(subject, clock, onFault);
}

class CheckedClock implements Clock {
  readonly #clock: Clock;
  readonly #onFault: (fault: string) => void;
  #hasFault = false;
  #lastNs: number;
  #lastAt: number;
  /** The machine's monotonic reading when the clock began to give no valid instant. */
  #failingSinceNs: number | undefined;

  constructor(subject: string, clock: Clock, onFault: (fault: string) => void) {
    this.#clock = clock;
    this.#onFault = onFault;
    const read = (method: "now" | "monotonicNs", limit: number): number =>
      firstReading(`${method}() of the clock of ${subject}`, () => clock[method](), limit);
    this.#lastNs = read("monotonicNs", Number.MAX_VALUE);
    this.#lastAt = read("now", LAST_INSTANT);
  }

  now(): number {
    const at = this.#read("now", LAST_INSTANT);
    if (at !== undefined) {
      this.#failingSinceNs = undefined;
      return (this.#lastAt = at);
    }
    const ns = systemClock.monotonicNs();
    this.#failingSinceNs ??= ns;
    return this.#lastAt + Math.floor((ns - this.#failingSinceNs) / NS_PER_MS);
  }

  monotonicNs(): number {
    const ns = this.#read("monotonicNs", Number.MAX_VALUE);
    if (ns !== undefined && ns > this.#lastNs) this.#lastNs = ns;
    return this.#lastNs;
  }

  setTimer(delayMs: number, callback: () => void): () => void {
    let isOver = false;
    let isSetting = true;
    const fire = (): void => {
      if (isOver) return;
      isOver = true;
      callback();
    };
    const onTime = (): void => void (isSetting ? systemClock.setTimer(0, fire) : fire());
    const cancel = this.#set(delayMs, onTime) ?? systemClock.setTimer(delayMs, fire);
    isSetting = false;
    return () => {
      isOver = true;
      this.#attempt("the cancellation of a timer", cancel);
    };
  }

  #set(delayMs: number, callback: () => void): (() => void) | undefined {
    const cancel: unknown = this.#attempt("setTimer()", () =>
      this.#clock.setTimer(delayMs, callback),
    );
    if (typeof cancel === "function") return cancel as () => void;
    this.#report(`setTimer() returned ${show(cancel)}, not a function`);
    return undefined;
  }

  #read(method: "now" | "monotonicNs", limit: number): number | undefined {
    const value = this.#attempt(`${method}()`, () => this.#clock[method]());
    if (isWithin(value, limit)) return Math.floor(value);
    this.#report(`${method}() returned ${show(value)}`);
    return undefined;
  }

  #attempt<Result>(what: string, act: () => Result): Result | undefined {
    try {
      return act();
    } catch (error) {
      this.#report(`${what} threw: ${messageOf(error)}`);
      return undefined;
    }
  }

  #report(fault: string): void {
    if (this.#hasFault) return;
    this.#hasFault = true;
    this.#onFault(fault);
  }
}

function isWithin(value: unknown, limit: number): value is number {
  return typeof value === "number" && Math.abs(value) <= limit;
}

function firstReading(name: string, read: () => unknown, limit: number): number {
  let value: unknown;
  try {
    value = read();
  } catch (error) {
    value = error;
  }
  if (isWithin(value, limit)) return Math.floor(value);
  throw invalidOption(name, "a finite number", value);
}
