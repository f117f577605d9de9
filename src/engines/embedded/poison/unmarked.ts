/**
 * Numbers of recovered messages without a crash mark, in order. One commit marks the next ones
 * together.
 */
export class UnmarkedMessages {
  readonly #numbers: number[] = [];
  /** Numbers to leave out when their turn comes. */
  readonly #skipped = new Set<number>();
  #next = 0;

  /** Adds a message. Its number must be above all earlier ones. */
  add(seq: number): void {
    this.#numbers.push(seq);
  }

  /** Leaves out a message that is marked on its own, or needs no mark. */
  skip(seq: number): void {
    if (seq >= (this.#numbers[this.#next] ?? Number.POSITIVE_INFINITY)) this.#skipped.add(seq);
  }

  /** Takes the next messages, at most `limit`. */
  take(limit: number): readonly number[] {
    const taken: number[] = [];
    while (taken.length < limit && this.#next < this.#numbers.length) {
      const seq = this.#numbers[this.#next++];
      if (seq !== undefined && !this.#skipped.delete(seq)) taken.push(seq);
    }
    return taken;
  }
}
