/**
 * Tells a running handler that its work was canceled. The abort signal is created on demand,
 * because most handlers never ask for it.
 */
export class Cancellation {
  #controller: AbortController | undefined;
  #aborted: { readonly reason: unknown } | undefined;
  #isCancelled = false;
  #isOver = false;

  /** True once the message is canceled: the outcome of the run is not used. */
  get isCancelled(): boolean {
    return this.#isCancelled;
  }

  /** True once the run has ended. Its outcome is fixed, although it may not be committed yet. */
  get isOver(): boolean {
    return this.#isOver;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#aborted !== undefined) this.#controller.abort(this.#aborted.reason);
    return this.#controller.signal;
  }

  /** Marks the run as ended. It can no longer be canceled. */
  end(): void {
    this.#isOver = true;
  }

  /** Marks the message as canceled. The handler hears of it once that is durable. */
  cancel(): void {
    this.#isCancelled = true;
  }

  /** Aborts the run. Only the first reason counts. */
  abort(reason: unknown): void {
    this.#aborted ??= { reason };
    this.#controller?.abort(this.#aborted.reason);
  }
}
