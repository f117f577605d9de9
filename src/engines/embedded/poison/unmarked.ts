/** Numbers of recovered messages that bear no mark, in order: a commit marks the next ones together. Most need no more than a number. */
export class UnmarkedMessages {
  readonly #numbers: number[] = [];
  /** Those that are to be left out when they are next. */
  readonly #skipped = new Set<number>();
  #next = 0;

  /** Adds a message, whose number is above those before. */
  add(seq: number): void {
    this.#numbers.push(seq);
  }

  /** A message is marked on its own, or need not be. */
  skip(seq: number): void {
    if (seq >= (this.#numbers[this.#next] ?? Number.POSITIVE_INFINITY)) this.#skipped.add(seq);
  }

  /** Takes the next ones, at most `limit`. */
  take(limit: number): readonly number[] {
    const taken: number[] = [];
    while (taken.length < limit && this.#next < this.#numbers.length) {
      const seq = this.#numbers[this.#next++];
      if (seq !== undefined && !this.#skipped.delete(seq)) taken.push(seq);
    }
    return taken;
  }
}
