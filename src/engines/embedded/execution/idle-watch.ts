import type { Clock } from "../../../core/host/clock.ts";
import type { HandlerSlots } from "../mailboxes/handler-slots.ts";

/**
 * Watches for the moment when no handler is running. A blocked handler does not count, because it
 * holds no slot: it runs again at the next start.
 */
export class IdleWatch {
  readonly #slots: HandlerSlots;
  #onIdle: () => void = () => undefined;

  constructor(slots: HandlerSlots) {
    this.#slots = slots;
  }

  /** Waits until every handler has ended or is blocked, for `limitMs` at most. */
  async whenIdle(clock: Clock, limitMs: number): Promise<void> {
    if (!this.#isBusy()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onIdle = resolve;
    const cancel = clock.setTimer(limitMs, resolve);
    await promise;
    cancel();
  }

  /** Ends the wait if no handler is running any more. */
  check(): void {
    if (!this.#isBusy()) this.#onIdle();
  }

  /** Ends the wait even if handlers are running. */
  stopWaiting(): void {
    this.#onIdle();
  }

  #isBusy(): boolean {
    return this.#slots.used > 0;
  }
}
