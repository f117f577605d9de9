import type { Clock } from "../../core/host/clock.ts";

/**
 * A result that may take long, and that is waited for again and again. It has one listener: each
 * `Promise.race` would leave another one behind.
 */
export class Arrival<Result> {
  #outcome: PromiseSettledResult<Result> | undefined;
  #wake: () => void = () => undefined;

  constructor(result: Promise<Result>) {
    const settle = (outcome: PromiseSettledResult<Result>): void => {
      this.#outcome = outcome;
      this.#wake();
    };
    result.then(
      (value) => settle({ status: "fulfilled", value }),
      (reason: unknown) => settle({ status: "rejected", reason }),
    );
  }

  /** Resolves with the result, or with `undefined` if it takes longer. @throws its rejection */
  async within(clock: Clock, ms: number): Promise<Result | undefined> {
    if (this.#outcome === undefined) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      const cancelTimer = clock.setTimer(ms, resolve);
      await promise;
      cancelTimer();
    }
    if (this.#outcome?.status === "rejected") throw this.#outcome.reason;
    return this.#outcome?.value;
  }
}
