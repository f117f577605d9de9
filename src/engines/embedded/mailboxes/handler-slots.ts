/**
 * Handler slots: as many handlers run at the same time as there are slots. A slot is in use,
 * reserved, or free.
 */
export class HandlerSlots {
  readonly #count: number;
  #used = 0;
  #reserved = 0;

  constructor(count: number) {
    this.#count = count;
  }

  /** The number of slots in use. */
  get used(): number {
    return this.#used;
  }

  get areAllUsed(): boolean {
    return this.#used === this.#count;
  }

  get isAnyFree(): boolean {
    return this.#used + this.#reserved < this.#count;
  }

  /** Takes a free slot for a handler that starts. */
  acquire(): void {
    this.#used++;
  }

  /** Gives back the slot of a handler that has ended. */
  release(): void {
    this.#used--;
  }

  /** Reserves a free slot for a handler that is about to start. */
  reserve(): void {
    this.#reserved++;
  }

  /** Gives back a reserved slot. */
  cancelReservation(): void {
    this.#reserved--;
  }
}
