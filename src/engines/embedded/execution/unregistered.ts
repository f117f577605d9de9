import type { Log } from "../../../core/host/log.ts";

/** Counts stored messages for functions that are not registered, by function type: they stay in the store until they are. */
export class Unregistered {
  readonly counts = new Map<string, number>();
  #size = 0;

  /** How many there are in all. */
  get size(): number {
    return this.#size;
  }

  add(type: string): void {
    this.#size++;
    this.counts.set(type, (this.counts.get(type) ?? 0) + 1);
  }

  /** One of them is done with. */
  remove(type: string): void {
    this.#size--;
    const left = (this.counts.get(type) ?? 0) - 1;
    if (left > 0) this.counts.set(type, left);
    else this.counts.delete(type);
  }

  /** Says in the log which functions are missing. */
  report(log: Log): void {
    for (const [type, count] of this.counts) {
      log.warn(
        `${count} stored messages are for ${type}, which is not registered; they are parked until it is`,
        { type, count },
      );
    }
  }
}
