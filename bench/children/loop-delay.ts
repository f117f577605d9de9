/** Interval of the callback, in ms. */
const EVERY_MS = 1;

/**
 * Records when a timer of one millisecond fires, repeatedly. A probe that never sleeps would be
 * finer, but would take processor time from the measured work.
 */
export class LoopDelay {
  readonly #servedAt: number[] = [performance.now()];
  #timer: NodeJS.Timeout;

  constructor() {
    this.#timer = setTimeout(() => this.#serve(), EVERY_MS);
  }

  /** Ends it. Returns the delays as {@link delaysOf} does. */
  stop(): readonly number[] {
    clearTimeout(this.#timer);
    this.#servedAt.push(performance.now());
    return delaysOf(this.#servedAt);
  }

  #serve(): void {
    this.#servedAt.push(performance.now());
    this.#timer = setTimeout(() => this.#serve(), EVERY_MS);
  }
}

/**
 * Returns the delay of a callback due at each millisecond from the first instant to the last, if
 * the loop serves callbacks at these instants. A loop that is blocked for 50 ms thus delays fifty
 * callbacks, not one.
 */
export function delaysOf(servedAt: readonly number[]): readonly number[] {
  const delays: number[] = [];
  let due = (servedAt[0] ?? 0) + EVERY_MS;
  for (const at of servedAt) for (; due <= at; due += EVERY_MS) delays.push(at - due);
  return delays;
}
