import type { Clock } from "../../../src/core/host/clock.ts";
import { VirtualClock } from "../../../src/testing/simulation/machine/virtual-clock.ts";

/** A clock that can be set forward or back while time passes. */
export class SettableClock implements Clock {
  /** The passing of time. */
  readonly time = new VirtualClock();
  #aheadMs = 0;

  now(): number {
    return this.time.now() + this.#aheadMs;
  }

  monotonicNs(): number {
    return this.time.monotonicNs();
  }

  setTimer(delayMs: number, callback: () => void): () => void {
    return this.time.setTimer(delayMs, callback);
  }

  /** Sets the clock forward or back by the given time. */
  set(byMs: number): void {
    this.#aheadMs += byMs;
  }
}
