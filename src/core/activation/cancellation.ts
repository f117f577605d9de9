import type { Envelope } from "../message/envelope.ts";
import type { Run, Stopwatch } from "./meter.ts";

/**
 * Tells a running handler that its work was canceled. The abort signal is created on demand,
 * because most handlers never ask for it.
 */
export class Cancellation {
  /** Measures the run. The function sets it, so that a run that never ends is billed. */
  stopwatch: Stopwatch | undefined;
  #record: Envelope | undefined;
  #isAbandoned = false;
  #controller: AbortController | undefined;
  #aborted: { readonly reason: unknown } | undefined;
  #isOver = false;

  /** True once the message is canceled: only clean-up learns of the outcome of the run. */
  get isCancelled(): boolean {
    return this.#record !== undefined;
  }

  /** The message that is stored in place of the canceled one until the run has ended. */
  get record(): Envelope | undefined {
    return this.#record;
  }

  /** True once the handler may know of the cancellation, or of its timeout. */
  get isAborted(): boolean {
    return this.#aborted !== undefined;
  }

  /** True once the run was given up: its effects are dropped. */
  get isAbandoned(): boolean {
    return this.#isAbandoned;
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

  /**
   * Marks the message as canceled. `record` is stored in its place. The handler hears of it once
   * that is durable.
   */
  cancel(record: Envelope): void {
    this.#record = record;
  }

  /** Gives the run up, and returns its usage. Whatever it still does has no effect. */
  abandon(): Run | undefined {
    this.#isAbandoned = true;
    return this.stopwatch?.stop(true);
  }

  /** Aborts the run. Only the first reason counts. */
  abort(reason: unknown): void {
    this.#aborted ??= { reason };
    this.#controller?.abort(this.#aborted.reason);
  }
}
