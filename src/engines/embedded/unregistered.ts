import type { Log } from "../../core/log.ts";

/** Counts stored messages for functions that are not registered, by function type: they stay in the store until they are. */
export class Unregistered {
  readonly counts = new Map<string, number>();

  add(type: string): void {
    this.counts.set(type, (this.counts.get(type) ?? 0) + 1);
  }

  /** One of them is done with. */
  remove(type: string): void {
    const left = (this.counts.get(type) ?? 0) - 1;
    if (left > 0) this.counts.set(type, left);
    else this.counts.delete(type);
  }

  /** Says in the log which functions are missing. */
  report(log: Log): void {
    for (const [type, count] of this.counts) {
      log.warn(`${count} stored messages are for ${type}, which is not registered; they are parked until it is`, { type, count });
    }
  }
}
