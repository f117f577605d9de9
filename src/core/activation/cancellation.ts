import type { Envelope } from "../message/envelope.ts";
import type { Effects, Send } from "./effects.ts";

/** A run that can be canceled, and given up before it ends. */
export interface CancellableRun {
  /** Returns the messages that release what a later run of the message would have asked for. */
  cancel(): readonly Send[];
  /** Ends the run. Returns its usage, and the messages that release what it held. */
  abandon(): Effects;
}

/**
 * Tells a running handler that its work was canceled. The abort signal is created on demand,
 * because most handlers never ask for it.
 */
export class Cancellation {
  /** The run, which can be given up. The function sets it. */
  handlerRun: CancellableRun | undefined;
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
   * that is durable. Returns messages to send.
   */
  cancel(record: Envelope): readonly Send[] {
    this.#record = record;
    return this.handlerRun?.cancel() ?? [];
  }

  /** Gives the run up, and returns its last effects. Whatever it still does has no effect. */
  abandon(): Effects | undefined {
    this.#isAbandoned = true;
    return this.handlerRun?.abandon();
  }

  /** Aborts the run. Only the first reason counts. */
  abort(reason: unknown): void {
    this.#aborted ??= { reason };
    this.#controller?.abort(this.#aborted.reason);
  }
}
