import type { StatementSync } from "node:sqlite";
import type { Json } from "../../../core/data/json.ts";
import { decodeEnvelope } from "../../../core/message/envelope.ts";
import type { Batch, StoredDeadLetter } from "../../store.ts";
import { checksum, verifyChecksum } from "../rows/checksum.ts";
import { integerColumn, textColumn } from "../rows/columns.ts";
import type { Row } from "../rows/columns.ts";
import { decodeRow } from "../rows/decode-row.ts";
import type { RowSource } from "../rows/decode-row.ts";
import type { Packer, Unpacker } from "../rows/packed.ts";
import { packEnvelope } from "./pack-envelope.ts";
import type { OpenTable, Table, TableSource } from "./table.ts";

/** Dead letters, in the order in which they were added. */
export const deadLetters: Table<DeadLetters> = {
  name: "dead",
  countedAs: "dead",
  schema: `
    CREATE TABLE dead (
      place INTEGER PRIMARY KEY, id TEXT NOT NULL, at INTEGER NOT NULL, failure TEXT NOT NULL,
      head TEXT NOT NULL, payload TEXT NOT NULL, sum INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX dead_id ON dead (id);
  `,
  pack: packDeadLetters,
  open: (source) => new DeadLetters(source),
};

function packDeadLetters(packer: Packer, { deletedDeadLetters, addedDeadLetters }: Batch): void {
  packer.number(deletedDeadLetters.length);
  for (const id of deletedDeadLetters) packer.text(id);
  packer.number(addedDeadLetters.length);
  for (const { envelope, failure, at } of addedDeadLetters) {
    packEnvelope(packer, envelope);
    packer.text(JSON.stringify(failure));
    packer.number(at);
  }
}

export class DeadLetters implements OpenTable {
  readonly #source: RowSource;
  readonly #delete: StatementSync;
  readonly #insert: StatementSync;
  readonly #selectOldest: StatementSync;
  readonly #selectAfter: StatementSync;
  readonly #selectById: StatementSync;
  readonly #count: StatementSync;

  constructor({ file, database }: TableSource) {
    this.#source = { file, table: "dead", key: "place" };
    this.#delete = database.prepare("DELETE FROM dead WHERE id = ?");
    this.#insert = database.prepare(
      "INSERT INTO dead (id, head, payload, failure, at, sum) VALUES (?, ?, ?, ?, ?, ?)",
    );
    this.#selectOldest = database.prepare(
      "SELECT place, id, at, failure, head, payload, sum FROM dead ORDER BY place LIMIT ?",
    );
    this.#selectAfter = database.prepare(
      `SELECT place, id, at, failure, head, payload, sum FROM dead
       WHERE place > ? ORDER BY place LIMIT ?`,
    );
    this.#selectById = database.prepare(
      "SELECT place, id, at, failure, head, payload, sum FROM dead WHERE id = ?",
    );
    this.#count = database.prepare("SELECT COUNT(*) AS count FROM dead");
  }

  /** Counts the dead letters, in the index, which is small. */
  count(): number {
    return integerColumn(this.#count.get()?.["count"]);
  }

  apply(batch: Unpacker): void {
    for (let left = batch.number(); left > 0; left--) this.#delete.run(batch.text());
    for (let left = batch.number(); left > 0; left--) this.#insertNext(batch);
  }

  #insertNext(batch: Unpacker): void {
    batch.startRow();
    const [id, head, payload] = [batch.text() ?? "", batch.text() ?? "", batch.text() ?? ""];
    const failure = batch.text();
    const at = batch.number();
    const sum = deadLetterChecksum(batch.row(), { at, id, head, payload });
    this.#insert.run(id, head, payload, failure, at, sum);
  }

  /** Reads the oldest dead letters, at most `limit`. */
  readOldest(limit: number): readonly StoredDeadLetter[] {
    return this.#selectOldest.all(limit).map(this.#decode);
  }

  /** Reads the oldest dead letters after a place, at most `limit`, with their places. */
  readAfter(
    after: number,
    limit: number,
  ): readonly (StoredDeadLetter & { readonly place: number })[] {
    return this.#selectAfter
      .all(after, limit)
      .map((row) => ({ ...this.#decode(row), place: integerColumn(row["place"]) }));
  }

  /** Reads the dead letter of the message with this id. */
  readById(id: string): StoredDeadLetter | undefined {
    const row = this.#selectById.get(id);
    return row === undefined ? undefined : this.#decode(row);
  }

  readonly #decode = (row: Row): StoredDeadLetter => decodeRow(row, this.#source, decodeDeadLetter);
}

function decodeDeadLetter(row: Row): StoredDeadLetter {
  const [at, id, head, payload, failure] = [
    integerColumn(row["at"]),
    textColumn(row["id"]),
    textColumn(row["head"]),
    textColumn(row["payload"]),
    textColumn(row["failure"]),
  ];
  const texts = id + head + payload + failure;
  verifyChecksum(row["sum"], deadLetterChecksum(texts, { at, id, head, payload }));
  const envelope = decodeEnvelope(id, { head, payload });
  return { envelope, failure: JSON.parse(failure) as Json, at };
}

/** The columns of a dead letter, but for its failure. */
interface DeadLetterColumns {
  readonly at: number;
  readonly id: string;
  readonly head: string;
  readonly payload: string;
}

/** Returns the checksum of a row; `text` is its id, head, payload and failure, joined. */
function deadLetterChecksum(text: string, { at, id, head, payload }: DeadLetterColumns): number {
  return checksum(text, [at, id.length, head.length, payload.length]);
}
