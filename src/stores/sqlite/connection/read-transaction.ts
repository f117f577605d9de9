import type { Statements } from "./connection-settings.ts";

/**
 * One transaction for all that is read in a turn of the event loop: beginning one for each row takes longer than finding it.
 *
 * RT1 What is read is what was committed when the first of it was read, or later. Whoever hears of a commit, or makes one, ends it before.
 */
export class ReadTransaction {
  readonly #statements: Pick<Statements, "beginReading" | "commit">;
  #ending: NodeJS.Immediate | undefined;

  constructor(statements: Pick<Statements, "beginReading" | "commit">) {
    this.#statements = statements;
  }

  /** Begins, unless it has begun: it ends with this turn of the event loop at the latest. */
  begin(): void {
    if (this.#ending !== undefined) return;
    this.#statements.beginReading.run();
    this.#ending = setImmediate(() => this.end());
  }

  end(): void {
    if (this.#ending === undefined) return;
    clearImmediate(this.#ending);
    this.#ending = undefined;
    try {
      this.#statements.commit.run();
    } catch {
      // SQLite ends it by itself after some failures; then there is nothing left to be ended.
    }
  }
}
