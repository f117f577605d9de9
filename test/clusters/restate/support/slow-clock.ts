import type { Clock } from "handback";

/** Longest delay of a timer of the machine. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * A clock on which time passes `factor` times more slowly than on the machine's. The tests of the
 * suite compare times with windows of a tenth of a second, and a cluster on a busy machine needs
 * longer for a checkpoint.
 */
export class SlowClock implements Clock {
  readonly factor: number;
  readonly #start = Date.now();

  constructor(factor: number) {
    this.factor = factor;
  }

  now(): number {
    return this.#start + Math.floor((Date.now() - this.#start) / this.factor);
  }

  monotonicNs(): number {
    return Math.round((performance.now() * 1e6) / this.factor);
  }

  setTimer(delayMs: number, callback: () => void): () => void {
    let timer: NodeJS.Timeout | undefined;
    const wait = (leftMs: number): void => {
      const stepMs = Math.min(leftMs, LONGEST_MS);
      timer = setTimeout(() => (stepMs < leftMs ? wait(leftMs - stepMs) : callback()), stepMs);
    };
    wait(delayMs * this.factor);
    return () => clearTimeout(timer);
  }
}
