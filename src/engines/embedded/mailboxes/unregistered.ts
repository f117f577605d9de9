import type { WorkLog } from "../../../core/host/work-log.ts";
import { changedShape } from "./find-definition.ts";
import type { Definitions } from "./find-definition.ts";

/**
 * Counts the stored messages for functions that are not registered, by function type. They are
 * parked: they stay in the store until the functions are registered.
 */
export class Unregistered {
  readonly counts = new Map<string, number>();
  readonly #definitions: Definitions;
  readonly #workLog: WorkLog;
  #size = 0;
  #isRecovered = false;

  constructor(definitions: Definitions, workLog: WorkLog) {
    this.#definitions = definitions;
    this.#workLog = workLog;
  }

  /** The number of such messages, all types together. */
  get size(): number {
    return this.#size;
  }

  /** Counts a parked message. One that arrives after recovery is logged at once. */
  add(type: string): void {
    this.#size++;
    const count = (this.counts.get(type) ?? 0) + 1;
    this.counts.set(type, count);
    if (!this.#isRecovered) return;
    const why = changedShape(this.#definitions, type) ?? "the function is not registered";
    const message = `a message for ${type} is parked: ${why}; ${waiting(count)}`;
    this.#warn({ type, count, message });
  }

  /** Removes one message from the count. */
  remove(type: string): void {
    this.#size--;
    const left = (this.counts.get(type) ?? 0) - 1;
    if (left > 0) this.counts.set(type, left);
    else this.counts.delete(type);
  }

  /** Warns of the functions that are missing once recovery has counted their messages. */
  endRecovery(): void {
    this.#isRecovered = true;
    for (const [type, count] of this.counts) {
      const shape = changedShape(this.#definitions, type);
      const why = shape === undefined ? "" : ` (${shape})`;
      const message = `${count} stored messages are for ${type}, which is not registered${why}; they wait until it is`;
      this.#warn({ type, count, message });
    }
  }

  #warn({ type, count, message }: { type: string; count: number; message: string }): void {
    const fields = { type, count };
    this.#workLog.write({ level: "warn", event: "parked", subject: type, message, fields });
  }
}

function waiting(count: number): string {
  return count === 1 ? "1 such message waits" : `${count} such messages wait`;
}
