import { DatabaseSync } from "node:sqlite";
import type { SQLOutputValue } from "node:sqlite";
import type { Address } from "../../core/address.ts";
import { newRealm } from "./realm.ts";
import { corruptStore } from "./sqlite-failure.ts";
import { prepareDatabase, prepareStatements } from "./sqlite-statements.ts";
import type { Statements, Synchronous } from "./sqlite-statements.ts";
import type { Batch, Opened, StateRow, Store, StoredDeadLetter, StoredMessage } from "./store.ts";

const UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * One connection to the tables of the store in `file`. Making one counts as an opening, and makes the tables if they are missing.
 * Its methods are those of {@link Store}, but synchronous; they throw what SQLite throws.
 */
export class SqliteTables {
  /** What opening told. */
  readonly opened: Opened;
  readonly #file: string;
  readonly #database: DatabaseSync;
  readonly #statements: Statements;

  constructor(file: string, synchronous: Synchronous) {
    this.#file = file;
    this.#database = new DatabaseSync(file);
    try {
      prepareDatabase(this.#database, synchronous);
      this.#statements = prepareStatements(this.#database);
      this.opened = this.#countOpening();
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  /** Applies a batch in one transaction, on disk when it returns; changes nothing when it throws. */
  apply(batch: Batch): void {
    const { remove, elapse, cancel, insert, delay, upsert, erase, bury } = this.#statements;
    this.#atomically(() => {
      for (const seq of batch.removed) remove.run(seq);
      for (const seq of batch.elapsed) elapse.run(seq);
      for (const token of batch.cancelled) cancel.run(token);
      for (const { seq, id, dueAt, token, scope, head, payload } of batch.inserted) {
        if (dueAt === undefined) insert.run(seq, id, scope ?? null, head, payload);
        else delay.run(seq, id, dueAt, token ?? null, scope ?? null, head, payload);
      }
      for (const { address, name, text, expiresAt } of batch.state) {
        if (text === null) erase.run(address.type, address.id, name);
        else upsert.run(address.type, address.id, name, text, expiresAt ?? null);
      }
      for (const { id, at, failure, head, payload } of batch.dead) bury.run(id, at, failure, head, payload);
    });
  }

  readState({ type, id }: Address): readonly StateRow[] {
    return this.#statements.state.all(type, id).map((row) => ({
      name: this.#text(row["name"]),
      text: this.#text(row["value"]),
      ...(row["expires_at"] !== null && { expiresAt: this.#integer(row["expires_at"]) }),
    }));
  }

  readMessages(afterSeq: number, limit: number): readonly StoredMessage[] {
    return this.#statements.ready.all(afterSeq, limit).map((row) => this.#message(row));
  }

  readDelayed(until: number, limit: number): readonly StoredMessage[] {
    return this.#statements.delayed.all(until, limit).map((row) => this.#message(row));
  }

  readScope(prefix: string): readonly StoredMessage[] {
    const past = `${prefix}${LAST}`;
    return this.#statements.scope.all(prefix, past, prefix, past).map((row) => this.#message(row));
  }

  nextDueAt(): number | undefined {
    const row = this.#statements.nextDue.get();
    return row === undefined ? undefined : this.#integer(row["due_at"]);
  }

  readDeadLetters(limit: number): readonly StoredDeadLetter[] {
    return this.#statements.dead.all(limit).map((row) => ({
      id: this.#text(row["id"]),
      at: this.#integer(row["at"]),
      failure: this.#text(row["failure"]),
      head: this.#text(row["head"]),
      payload: this.#text(row["payload"]),
    }));
  }

  readExpired(now: number, limit: number): readonly (Address & { readonly name: string })[] {
    return this.#statements.expired.all(now, limit).map((row) => ({
      type: this.#text(row["type"]),
      id: this.#text(row["id"]),
      name: this.#text(row["name"]),
    }));
  }

  renameStates(from: string, to: string): void {
    this.#statements.renameStates.run(to, from, to);
  }

  count(): ReturnType<Store["count"]> {
    const row = this.#statements.count.get() ?? {};
    return {
      messages: this.#integer(row["messages"]),
      delayed: this.#integer(row["delayed"]),
      state: this.#integer(row["state"]),
      dead: this.#integer(row["dead"]),
    };
  }

  close(): void {
    this.#database.close();
  }

  #countOpening(): Opened {
    return this.#atomically(() => {
      this.#statements.nameStore.run(newRealm());
      const row = this.#statements.countOpening.get() ?? {};
      const nextSeq = this.#integer(this.#statements.lastSeq.get()?.["seq"]) + 1;
      return { realm: this.#text(row["realm"]), generation: this.#integer(row["generation"]), nextSeq };
    });
  }

  #atomically<Result>(change: () => Result): Result {
    const { begin, commit, rollback } = this.#statements;
    begin.run();
    try {
      const result = change();
      commit.run();
      return result;
    } catch (error) {
      try {
        rollback.run();
      } catch {
        // SQLite rolls back by itself after some failures, a full disk among them; then there is nothing left to roll back.
      }
      throw error;
    }
  }

  #message(row: Row): StoredMessage {
    return {
      id: this.#text(row["id"]),
      seq: this.#integer(row["seq"]),
      ...(row["due_at"] !== null && { dueAt: this.#integer(row["due_at"]) }),
      ...(row["token"] !== null && { token: this.#text(row["token"]) }),
      ...(row["scope"] !== null && { scope: this.#text(row["scope"]) }),
      head: this.#text(row["head"]),
      payload: this.#text(row["payload"]),
    };
  }

  #text(value: SQLOutputValue | undefined): string {
    if (typeof value === "string") return value;
    if (value instanceof Uint8Array) return UTF8.decode(value);
    throw corruptStore(this.#file, `a column holds ${typeof value}, not text`);
  }

  #integer(value: SQLOutputValue | undefined): number {
    if (typeof value === "number") return value;
    throw corruptStore(this.#file, `a column holds ${typeof value}, not an integer`);
  }
}

/** A character that is in no name, and after all that are. */
const LAST = "\u{10ffff}";

type Row = Record<string, SQLOutputValue>;
