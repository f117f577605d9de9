import type { StatementSync } from "node:sqlite";
import { decodeEnvelope } from "../../../core/message/envelope.ts";
import type { Batch, StoredMessage } from "../../store.ts";
import { checksum, verifyChecksum } from "../rows/checksum.ts";
import { integerColumn, textColumn } from "../rows/columns.ts";
import type { Row } from "../rows/columns.ts";
import { decodeRow } from "../rows/decode-row.ts";
import type { RowSource } from "../rows/decode-row.ts";
import type { Packer, Unpacker } from "../rows/packed.ts";
import { rangesOf } from "../rows/ranges.ts";
import { RowInsert } from "../rows/row-insert.ts";
import type { NewRow } from "../rows/row-insert.ts";
import { packEnvelope } from "./pack-envelope.ts";
import type { OpenTable, Table, TableSource } from "./table.ts";

/**
 * Deliverable messages.
 *
 * SQ1 A deliverable message touches one b-tree, in the order of acceptance. Delayed messages have a
 *     table of their own, so that recovery reads the deliverable ones however many are delayed.
 */
export const messages: Table<Messages> = {
  name: "message",
  countedAs: "messages",
  schema: `
    CREATE TABLE message (
      seq INTEGER PRIMARY KEY, id TEXT NOT NULL, head TEXT NOT NULL, payload TEXT NOT NULL,
      sum INTEGER NOT NULL
    ) STRICT;
  `,
  pack: packMessages,
  open: (source) => new Messages(source),
};

function packMessages(packer: Packer, { removed, inserted }: Batch): void {
  const ranges = rangesOf(removed);
  packer.number(ranges.length);
  for (const [first, last] of ranges) {
    packer.number(first);
    packer.number(last);
  }
  const deliverable = inserted.filter(({ dueAt }) => dueAt === undefined);
  packer.number(deliverable.length);
  for (const { seq, envelope } of deliverable) {
    packer.number(seq);
    packEnvelope(packer, envelope);
  }
}

export class Messages implements OpenTable {
  readonly #source: RowSource;
  readonly #deleteRange: StatementSync;
  readonly #insert: RowInsert;
  readonly #selectAfter: StatementSync;
  readonly #selectLast: StatementSync;

  constructor({ file, database }: TableSource) {
    this.#source = { file, table: "message", key: "seq" };
    this.#deleteRange = database.prepare("DELETE FROM message WHERE seq BETWEEN ? AND ?");
    this.#insert = new RowInsert(
      database,
      "message (seq, id, head, payload, sum)",
      "?, ?, ?, ?, ?",
    );
    this.#selectAfter = database.prepare(
      "SELECT seq, id, head, payload, sum FROM message WHERE seq > ? ORDER BY seq LIMIT ?",
    );
    this.#selectLast = database.prepare("SELECT ifnull(max(seq), 0) AS seq FROM message");
  }

  apply(batch: Unpacker): void {
    for (let left = batch.number(); left > 0; left--)
      this.#deleteRange.run(batch.number(), batch.number());
    const inserted: NewRow[] = [];
    for (let left = batch.number(); left > 0; left--) inserted.push(nextMessage(batch));
    this.#insert.run(inserted);
  }

  /** Reads messages above `afterSeq`, in order of `seq`, at most `limit`. */
  readAfter(afterSeq: number, limit: number): readonly StoredMessage[] {
    return this.#selectAfter.all(afterSeq, limit).map(this.#decode);
  }

  /** Returns the highest `seq`, or 0. */
  lastSeq(): number {
    return integerColumn(this.#selectLast.get()?.["seq"]);
  }

  readonly #decode = (row: Row): StoredMessage => decodeRow(row, this.#source, decodeMessage);
}

function nextMessage(batch: Unpacker): NewRow {
  const seq = batch.number();
  batch.startRow();
  const [id, head, payload] = [batch.text() ?? "", batch.text() ?? "", batch.text()];
  return [seq, id, head, payload, messageChecksum(batch.row(), { seq, id, head })];
}

function decodeMessage(row: Row): StoredMessage {
  const [seq, id, head, payload] = [
    integerColumn(row["seq"]),
    textColumn(row["id"]),
    textColumn(row["head"]),
    textColumn(row["payload"]),
  ];
  verifyChecksum(row["sum"], messageChecksum(id + head + payload, { seq, id, head }));
  return { envelope: decodeEnvelope(id, { head, payload }), seq };
}

/** Returns the checksum of a row; `text` is its id, head and payload, joined. */
export function messageChecksum(
  text: string,
  { seq, id, head }: { readonly seq: number; readonly id: string; readonly head: string },
): number {
  return checksum(text, [seq, id.length, head.length]);
}
