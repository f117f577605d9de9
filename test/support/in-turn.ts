/** Does what it is asked in the order of the calls. When something fails, so does what was asked for behind it before that was known. */
export class InTurn {
  #last: Promise<void> = Promise.resolve();
  #failure: unknown;

  do(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work);
    this.#last = done;
    // Ahead of whoever called: what is asked for from then on is not behind the failure.
    done.catch((error: unknown) => {
      if (error === this.#failure) return;
      this.#failure = error;
      this.#last = Promise.resolve();
    });
    return done;
  }
}
