/**
 * Runs tasks in the order of the calls. If one fails, so do the tasks that were queued behind it
 * before the failure was known.
 */
export class InTurn {
  #last: Promise<void> = Promise.resolve();
  #failure: unknown;

  do(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work);
    this.#last = done;
    // Runs before the caller's own handler: later tasks are not behind the failure.
    done.catch((error: unknown) => {
      if (error === this.#failure) return;
      this.#failure = error;
      this.#last = Promise.resolve();
    });
    return done;
  }
}
