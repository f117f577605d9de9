/** How often a callback is due, in ms. */
const EVERY_MS = 1;

/**
 * Notes when a timer of one millisecond is served, again and again, for as long as it runs.
 * A probe that never sleeps would measure more finely, and would take the processor from what is measured.
 */
export class LoopDelay {
  readonly #servedAt: number[] = [performance.now()];
  #timer: NodeJS.Timeout;

  constructor() {
    this.#timer = setTimeout(() => this.#serve(), EVERY_MS);
  }

  /** Ends it; gives the delays as {@link delaysOf} has them. */
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
 * How long a callback that is due at any one millisecond has to wait, for each millisecond from the first instant to the last,
 * when the loop serves callbacks at these instants. A loop that is held up for 50 ms so delays fifty callbacks, and not one.
 */
export function delaysOf(servedAt: readonly number[]): readonly number[] {
  const delays: number[] = [];
  let due = (servedAt[0] ?? 0) + EVERY_MS;
  for (const at of servedAt) for (; due <= at; due += EVERY_MS) delays.push(at - due);
  return delays;
}
