/**
 * Tells a running handler that its work is no longer wanted. The signal is made when somebody asks for it: most never do.
 */
export class Cancellation {
  #controller: AbortController | undefined;
  #aborted: { readonly reason: unknown } | undefined;
  #isCancelled = false;

  /** Whether the message has been withdrawn, so that what comes of it is of no use. */
  get isCancelled(): boolean {
    return this.#isCancelled;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#aborted !== undefined) this.#controller.abort(this.#aborted.reason);
    return this.#controller.signal;
  }

  /** The message is withdrawn. */
  cancel(reason: unknown): void {
    this.#isCancelled = true;
    this.abort(reason);
  }

  /** The run is given up, for whatever reason. Only the first counts. */
  abort(reason: unknown): void {
    this.#aborted ??= { reason };
    this.#controller?.abort(this.#aborted.reason);
  }
}
