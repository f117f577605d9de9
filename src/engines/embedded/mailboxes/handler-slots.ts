import { Queue } from "../../../core/data/queue.ts";

/**
 * Handler slots: as many handlers work at the same time as there are slots. A slot is in use,
 * reserved, or free.
 *
 * SL1 While a handler waits for a slot to continue, no slot is free: each one that is given back
 *     goes to the handler that has waited longest, ahead of all handlers that have not started.
 */
export class HandlerSlots {
  readonly count: number;
  #used = 0;
  #reserved = 0;
  #released = 0;
  #isClosed = false;
  /** Handlers that continue once they have a slot, in the order in which they were woken. */
  readonly #woken = new Queue<() => void>();

  constructor(count: number) {
    this.count = count;
  }

  /** The number of slots in use. */
  get used(): number {
    return this.#used;
  }

  /** The number of times that a slot was given back. */
  get released(): number {
    return this.#released;
  }

  /** The number of handlers that wait for a slot to continue. */
  get woken(): number {
    return this.#woken.size;
  }

  get isAnyFree(): boolean {
    return this.#used + this.#reserved < this.count;
  }

  /** Takes a free slot for a handler that starts. */
  acquire(): void {
    this.#used++;
  }

  /** Gives back the slot of a handler that has ended, or blocks. */
  release(): void {
    this.#used--;
    this.#released++;
    this.#grant();
  }

  /** Reserves a free slot for a handler that is about to start. */
  reserve(): void {
    this.#reserved++;
  }

  /**
   * Reserves a slot for a handler that continues, ahead of all that have not started. Calls
   * `onReserved` at once if a slot is free.
   */
  reserveFirst(onReserved: () => void): void {
    this.#woken.push(onReserved);
    this.#grant();
  }

  /** Takes the reserved slot for a handler that starts or continues. */
  useReservation(): void {
    this.#reserved--;
    this.#used++;
  }

  /** Gives back a reserved slot. */
  cancelReservation(): void {
    this.#reserved--;
    this.#grant();
  }

  /** Lets all handlers continue, now and later: the engine has stopped, and they only end. */
  close(): void {
    this.#isClosed = true;
    this.#grant();
  }

  #grant(): void {
    while (this.#woken.size > 0 && (this.isAnyFree || this.#isClosed)) {
      this.#reserved++;
      this.#woken.shift()?.();
    }
  }
}
