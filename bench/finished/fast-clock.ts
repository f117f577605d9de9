import type { Clock } from "../../src/index.ts";

/** A clock of the machine that runs so many times too fast. Durations are real, so that runs are billed what they take. */
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
