import type { DatabaseSync, StatementSync } from "node:sqlite";
import { decodeMark, encodeMark } from "../file/commit-mark.ts";
import type { CommitMark } from "../file/commit-mark.ts";
import { corruptStore } from "../file/sqlite-failure.ts";
import { commitsLost, storeTakenOver } from "../file/store-fenced.ts";
import { integerColumn, textColumn } from "../rows/columns.ts";
import type { OpenTable, Table, TableSource } from "./table.ts";

/** The opening of a store that may commit to it. */
export type StoreOwner = Pick<CommitMark, "storeId" | "generation">;

/**
 * The one row with the mark of the last commit.
 *
 * - MK1: every commit reads the mark and writes the next one, in the same transaction. A commit of
 *   an opening that is not the latest one finds the mark of the other opening and is rolled back.
 * - MK2: a connection that no longer finds its own last commit makes no other one. A program that
 *   opened the store without a lock in its way can have built the index of the log while a commit
 *   was being written, and that commit is then overwritten.
 * - MK3: stores of former releases have no such table. The first opening creates it.
 */
export const commitMarks: Table<CommitMarks> = {
  name: "commit_mark",
  schema: `
    CREATE TABLE commit_mark (place INTEGER PRIMARY KEY, mark TEXT NOT NULL) STRICT;
    INSERT INTO commit_mark (place, mark) VALUES (1, '');
  `,
  pack: () => undefined,
  open: (source) => new CommitMarks(source),
};

/** The statements of the table, prepared on first use, because the table may be missing. */
interface Statements {
  readonly select: StatementSync;
  readonly update: StatementSync;
  readonly schemaVersion: StatementSync;
}

interface WrittenMark {
  readonly text: string;
  readonly mark: CommitMark;
}

export class CommitMarks implements OpenTable {
  readonly #file: string;
  readonly #database: DatabaseSync;
  #prepared: Statements | undefined;
  /** The last mark that this connection committed, and the one of the open transaction. */
  #written: WrittenMark | undefined;
  #pending: WrittenMark | undefined;

  constructor({ file, database }: TableSource) {
    this.#file = file;
    this.#database = database;
  }

  apply(): void {}

  /** Creates the table unless it exists. */
  createIfMissing(): void {
    const query = "SELECT 1 FROM sqlite_schema WHERE name = ?";
    if (this.#database.prepare(query).get(commitMarks.name) === undefined)
      this.#database.exec(commitMarks.schema);
  }

  /** Reads the mark; `undefined` if no commit has left one. @throws `STORE_CORRUPT` */
  read(): CommitMark | undefined {
    const text = textColumn(this.#statements.select.get()?.["mark"]);
    if (text === "") return undefined;
    if (text === this.#written?.text) return this.#written.mark;
    const mark = decodeMark(text);
    if (mark !== undefined) return mark;
    const where = { table: commitMarks.name, row: 1 };
    throw corruptStore(this.#file, `row 1 of table ${commitMarks.name} is damaged`, { where });
  }

  /** Writes a mark with the current schema version. */
  write(mark: Omit<CommitMark, "schemaVersion">): void {
    const { schemaVersion, update } = this.#statements;
    const version = integerColumn(schemaVersion.get()?.["schema_version"]);
    const written = { ...mark, schemaVersion: version };
    const text = encodeMark(written);
    update.run(text);
    this.#pending = { text, mark: written };
  }

  /** The number of commits to the store, the last one of this connection included. */
  get commits(): number {
    return this.#written?.mark.commits ?? 0;
  }

  /** Notes that the transaction which wrote the last mark was committed. */
  noteCommit(): void {
    this.#written = this.#pending;
  }

  /**
   * Checks that the owner has made the last commit, and counts one more.
   *
   * @throws `STORE_FENCED` if another opening has made it, or if commits are gone
   */
  advance(owner: StoreOwner, isClosed = false): void {
    const mark = this.requireOwner(owner);
    if (mark.commits < (this.#written?.mark.commits ?? 0)) throw commitsLost(this.#file);
    this.write({ ...mark, commits: mark.commits + 1, isClosed });
  }

  /** Returns the mark if the owner has made the last commit. @throws `STORE_FENCED` */
  requireOwner({ storeId, generation }: StoreOwner): CommitMark {
    const mark = this.read();
    if (mark?.storeId === storeId && mark.generation === generation) return mark;
    throw storeTakenOver(this.#file);
  }

  get #statements(): Statements {
    return (this.#prepared ??= {
      select: this.#database.prepare("SELECT mark FROM commit_mark"),
      update: this.#database.prepare("UPDATE commit_mark SET mark = ?"),
      schemaVersion: this.#database.prepare("PRAGMA schema_version"),
    });
  }
}
