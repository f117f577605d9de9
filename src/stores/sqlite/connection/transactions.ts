import type { DatabaseSync, StatementSync } from "node:sqlite";
import { clearImmediate, setImmediate } from "../../../machine/real-time.ts";

/**
 * The transactions of one connection.
 *
 * RT1 One transaction serves all reads in a turn of the event loop, because starting one for each
 *     row takes longer than finding it. It shows the store as of its first read or later. It ends
 *     before this connection makes a commit or learns of one.
 */
export class Transactions {
  readonly #begin: StatementSync;
  readonly #beginRead: StatementSync;
  readonly #commit: StatementSync;
  readonly #rollback: StatementSync;
  #readEnd: NodeJS.Immediate | undefined;

  constructor(database: DatabaseSync) {
    this.#begin = database.prepare("BEGIN IMMEDIATE");
    this.#beginRead = database.prepare("BEGIN");
    this.#commit = database.prepare("COMMIT");
    this.#rollback = database.prepare("ROLLBACK");
  }

  /** Makes all changes of `change`, or none if it throws. */
  write<Result>(change: () => Result): Result {
    this.endRead();
    this.#begin.run();
    try {
      const result = change();
      this.#commit.run();
      return result;
    } catch (error) {
      this.#tryRollback();
      throw error;
    }
  }

  #tryRollback(): void {
    try {
      this.#rollback.run();
    } catch {
      // After some failures, such as a full disk, SQLite has already rolled back.
    }
  }

  /**
   * Starts the transaction for reads, unless it has started. It ends with this turn of the event
   * loop.
   */
  startRead(): void {
    if (this.#readEnd !== undefined) return;
    this.#beginRead.run();
    this.#readEnd = setImmediate(() => this.endRead());
  }

  /** Ends the transaction for reads, so that later reads see the latest commit. */
  endRead(): void {
    if (this.#readEnd === undefined) return;
    clearImmediate(this.#readEnd);
    this.#readEnd = undefined;
    try {
      this.#commit.run();
    } catch {
      // After some failures SQLite has already ended it.
    }
  }
}
