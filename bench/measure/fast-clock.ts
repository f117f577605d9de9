import type { Clock } from "../../src/index.ts";

/**
 * A clock that runs `factor` times too fast. Durations are real, so runs are billed their real
 * time.
 */
export class FastClock implements Clock {
  readonly #factor: number;
  readonly #start = Date.now();

  constructor(factor: number) {
    this.#factor = factor;
  }

  now(): number {
    return Math.floor(this.#start + (Date.now() - this.#start) * this.#factor);
  }

  monotonicNs(): number {
    return Math.round(performance.now() * 1e6);
  }

  setTimer(delayMs: number, callback: () => void): () => void {
    const timer = setTimeout(callback, Math.ceil(delayMs / this.#factor));
    return () => clearTimeout(timer);
  }
}
