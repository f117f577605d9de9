import type { StatementSync } from "node:sqlite";
import type { Batch, CrashMark } from "../../store.ts";
import { checksum, verifyChecksum } from "../rows/checksum.ts";
import { integerColumn } from "../rows/columns.ts";
import type { Row } from "../rows/columns.ts";
import { decodeRow } from "../rows/decode-row.ts";
import type { RowSource } from "../rows/decode-row.ts";
import type { Packer, Unpacker } from "../rows/packed.ts";
import type { OpenTable, Table, TableSource } from "./table.ts";

/** Crash marks of deliverable messages. */
export const crashMarks: Table<CrashMarks> = {
  name: "suspect",
  schema: `
    CREATE TABLE suspect (
      seq INTEGER PRIMARY KEY, crashes INTEGER NOT NULL, sum INTEGER NOT NULL
    ) STRICT;
  `,
  pack: packCrashMarks,
  open: (source) => new CrashMarks(source),
};

function packCrashMarks(packer: Packer, { crashMarks: marks }: Batch): void {
  packer.number(marks.length);
  for (const { seq, crashes } of marks) {
    packer.number(seq);
    packer.number(crashes);
  }
}

export class CrashMarks implements OpenTable {
  readonly #source: RowSource;
  readonly #replace: StatementSync;
  readonly #delete: StatementSync;
  readonly #deleteAll: StatementSync;
  readonly #selectAll: StatementSync;

  constructor({ file, database }: TableSource) {
    this.#source = { file, table: "suspect", key: "seq" };
    this.#replace = database.prepare(
      "INSERT OR REPLACE INTO suspect (seq, crashes, sum) VALUES (?, ?, ?)",
    );
    this.#delete = database.prepare("DELETE FROM suspect WHERE seq = ?");
    this.#deleteAll = database.prepare("DELETE FROM suspect");
    this.#selectAll = database.prepare("SELECT seq, crashes, sum FROM suspect ORDER BY seq");
  }

  apply(batch: Unpacker): void {
    for (let left = batch.number(); left > 0; left--) this.#setNext(batch);
  }

  #setNext(batch: Unpacker): void {
    const [seq, crashes] = [batch.number(), batch.number()];
    if (crashes > 0) this.#replace.run(seq, crashes, crashMarkChecksum(seq, crashes));
    else this.#delete.run(seq);
  }

  /** Reads all marks, in order of their messages. */
  readAll(): readonly CrashMark[] {
    return this.#selectAll.all().map(this.#decode);
  }

  deleteAll(): void {
    this.#deleteAll.run();
  }

  readonly #decode = (row: Row): CrashMark => decodeRow(row, this.#source, decodeCrashMark);
}

function decodeCrashMark(row: Row): CrashMark {
  const [seq, crashes] = [integerColumn(row["seq"]), integerColumn(row["crashes"])];
  verifyChecksum(row["sum"], crashMarkChecksum(seq, crashes));
  return { seq, crashes };
}

function crashMarkChecksum(seq: number, crashes: number): number {
  return checksum("", [seq, crashes]);
}
