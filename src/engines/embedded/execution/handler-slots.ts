/** Slots for handlers, which are in use, kept, or free: as many handlers run at the same time as there are slots. */
export class HandlerSlots {
  readonly #count: number;
  #used = 0;
  #kept = 0;

  constructor(count: number) {
    this.#count = count;
  }

  /** How many are in use. */
  get used(): number {
    return this.#used;
  }

  get areAllUsed(): boolean {
    return this.#used === this.#count;
  }

  get isAnyFree(): boolean {
    return this.#used + this.#kept < this.#count;
  }

  /** A handler begins, in a slot that is free. */
  use(): void {
    this.#used++;
  }

  /** A handler has ended. */
  leave(): void {
    this.#used--;
  }

  /** Keeps a slot that is free for a handler that is about to begin. */
  keep(): void {
    this.#kept++;
  }

  /** Frees a slot that was kept. */
  free(): void {
    this.#kept--;
  }
}
