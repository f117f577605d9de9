/** Counts up to a number, and tells when it is there. */
export class Tally {
  readonly #expected: number;
  readonly #done = Promise.withResolvers<void>();
  #count = 0;

  constructor(expected: number) {
    this.#expected = expected;
  }

  /** @throws when there are more than were expected */
  add(): void {
    if (++this.#count > this.#expected)
      throw new Error(`expected ${this.#expected} of them, and there is one more`);
    if (this.#count === this.#expected) this.#done.resolve();
  }

  /** Resolves once as many as were expected have been counted. */
  get isComplete(): Promise<void> {
    return this.#done.promise;
  }
}
