/**
 * Tells a running handler that its work is no longer wanted. The signal is made when somebody asks for it: most never do.
 */
export class Cancellation {
  #controller: AbortController | undefined;
  #aborted: { readonly reason: unknown } | undefined;
  #isCancelled = false;
  #isOver = false;

  /** Whether the message has been withdrawn, so that what comes of it is of no use. */
  get isCancelled(): boolean {
    return this.#isCancelled;
  }

  /** Whether the run has ended: what came of it is certain, though perhaps not yet handed over. */
  get isOver(): boolean {
    return this.#isOver;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#aborted !== undefined) this.#controller.abort(this.#aborted.reason);
    return this.#controller.signal;
  }

  /** The run has ended: it can no longer be cancelled. */
  end(): void {
    this.#isOver = true;
  }

  /** The message is withdrawn; the handler is to hear of that once it is certain. */
  cancel(): void {
    this.#isCancelled = true;
  }

  /** The run is given up, for whatever reason. Only the first counts. */
  abort(reason: unknown): void {
    this.#aborted ??= { reason };
    this.#controller?.abort(this.#aborted.reason);
  }
}
