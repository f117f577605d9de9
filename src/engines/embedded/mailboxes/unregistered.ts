import type { Log } from "../../../core/host/log.ts";

/**
 * Counts the stored messages for functions that are not registered, by function type. They stay in
 * the store.
 */
export class Unregistered {
  readonly counts = new Map<string, number>();
  #size = 0;

  /** The number of such messages, all types together. */
  get size(): number {
    return this.#size;
  }

  add(type: string): void {
    this.#size++;
    this.counts.set(type, (this.counts.get(type) ?? 0) + 1);
  }

  /** Removes one message from the count. */
  remove(type: string): void {
    this.#size--;
    const left = (this.counts.get(type) ?? 0) - 1;
    if (left > 0) this.counts.set(type, left);
    else this.counts.delete(type);
  }

  /** Warns of the functions that are missing. */
  report(log: Log): void {
    for (const [type, count] of this.counts) {
      log.warn(
        `${count} stored messages are for ${type}, which is not registered; they wait until it is`,
        { type, count },
      );
    }
  }
}
