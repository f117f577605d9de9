/** Lets owners work one at a time, in the order in which they ask for their turns. */
export class Turns<Owner> {
  #owner: Owner | undefined;
  readonly #waiting: { readonly owner: Owner; readonly begin: () => void }[] = [];

  /** Waits for the turn of an owner. */
  async take(owner: Owner): Promise<void> {
    if (this.#owner === undefined) {
      this.#owner = owner;
      return;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ owner, begin: resolve });
    await promise;
  }

  /** Ends the turn of an owner, if it is the owner's, and begins the next one. */
  end(owner: Owner): void {
    if (this.#owner !== owner) return;
    const next = this.#waiting.shift();
    this.#owner = next?.owner;
    next?.begin();
  }
}
