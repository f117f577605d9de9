import type { Clock } from "../../../src/core/host/clock.ts";
import { VirtualClock } from "../../../src/testing/simulation/machine/virtual-clock.ts";

/** A clock that somebody sets, forward or back, while time passes as ever. */
export class SettableClock implements Clock {
  /** Time itself. */
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

  /** Sets the clock forward, or back, by so much. */
  set(byMs: number): void {
    this.#aheadMs += byMs;
  }
}
