import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { JournalQuery, JournalRow } from "../../../core/engine/journal.ts";
import type { Batch } from "../../store.ts";
import { checksum, verifyChecksum } from "../rows/checksum.ts";
import { integerColumn, textColumn } from "../rows/columns.ts";
import type { Row } from "../rows/columns.ts";
import { decodeRow } from "../rows/decode-row.ts";
import type { RowSource } from "../rows/decode-row.ts";
import type { Packer, Unpacker } from "../rows/packed.ts";
import { RowInsert } from "../rows/row-insert.ts";
import type { NewRow } from "../rows/row-insert.ts";
import type { OpenTable, Table, TableSource } from "./table.ts";

/**
 * The journal, in the order of positions.
 *
 * - JT1: both b-trees grow at their end: positions grow, and so do the numbers of flows. The index
 *   finds the rows of a flow, to read them and to delete them as a range.
 * - JT2: stores of former releases have no such table. The first opening creates it.
 */
export const journal: Table<Journal> = {
  name: "journal",
  schema: `
    CREATE TABLE journal (
      position INTEGER PRIMARY KEY, entries INTEGER NOT NULL, flow TEXT NOT NULL,
      owner TEXT NOT NULL, topic TEXT NOT NULL, at INTEGER NOT NULL, text TEXT NOT NULL,
      sum INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX journal_flow ON journal (flow, topic);
  `,
  pack: packJournal,
  open: (source) => new Journal(source),
};

/** Stands for an owner whose key is the number of the flow. */
const OWN = "";

function packJournal(packer: Packer, { journal: changes }: Batch): void {
  packer.number(changes?.deleted.length ?? 0);
  packer.number(changes?.appended.length ?? 0);
  if (changes === undefined) return;
  for (const { flow, from, to } of changes.deleted) {
    packer.text(flow);
    packer.number(from);
    packer.number(to);
  }
  for (const { position, count, flow, owner, topic, at, text } of changes.appended) {
    packer.number(position);
    packer.number(count);
    packer.number(at);
    packer.text(flow);
    packer.text(owner === flow ? OWN : owner);
    packer.text(topic);
    packer.text(text);
  }
}

/** The statements of the table, prepared on first use, because the table may be missing. */
type Statements = ReturnType<typeof prepareJournal>;

const COLUMNS = "position, entries, flow, owner, topic, at, text, sum";
/** A key may hold a NUL, where Node 22 ends a text, so it is read as bytes. */
const READ = COLUMNS.replace("owner", "CAST(owner AS BLOB) AS owner");

function prepareJournal(database: DatabaseSync) {
  const select = (where: string): StatementSync =>
    database.prepare(`SELECT ${READ} FROM journal WHERE ${where} ORDER BY position LIMIT ?`);
  return {
    delete: database.prepare("DELETE FROM journal WHERE flow = ? AND position BETWEEN ? AND ?"),
    insert: new RowInsert(database, `journal (${COLUMNS})`, "?, ?, ?, ?, ?, ?, ?, ?"),
    all: select("position > ?"),
    ofTopic: select("topic = ? AND position > ?"),
    ofFlow: select("flow = ? AND position > ?"),
    ofFlowAndTopic: select("flow = ? AND topic = ? AND position > ?"),
    last: database.prepare("SELECT ifnull(max(position), 0) AS position FROM journal"),
  };
}

export class Journal implements OpenTable {
  readonly #source: RowSource;
  readonly #database: DatabaseSync;
  #prepared: Statements | undefined;

  constructor({ file, database }: TableSource) {
    this.#source = { file, table: "journal", key: "position" };
    this.#database = database;
  }

  /** Creates the table unless it exists. */
  createIfMissing(): void {
    const query = "SELECT 1 FROM sqlite_schema WHERE name = ?";
    if (this.#database.prepare(query).get(journal.name) === undefined)
      this.#database.exec(journal.schema);
  }

  apply(batch: Unpacker): void {
    const [deleted, appended] = [batch.number(), batch.number()];
    for (let left = deleted; left > 0; left--)
      this.#statements.delete.run(batch.text(), batch.number(), batch.number());
    if (appended === 0) return;
    const rows: NewRow[] = [];
    for (let left = appended; left > 0; left--) rows.push(nextRow(batch));
    this.#statements.insert.run(rows);
  }

  /** Reads rows in the order of their positions. */
  read({ flow, topic, after, limit }: JournalQuery): readonly JournalRow[] {
    const { all, ofTopic, ofFlow, ofFlowAndTopic } = this.#statements;
    const rows =
      flow === undefined
        ? topic === undefined
          ? all.all(after, limit)
          : ofTopic.all(topic, after, limit)
        : topic === undefined
          ? ofFlow.all(flow, after, limit)
          : ofFlowAndTopic.all(flow, topic, after, limit);
    return rows.map(this.#decode);
  }

  /** Returns the highest position, or 0. */
  lastPosition(): number {
    return integerColumn(this.#statements.last.get()?.["position"]);
  }

  readonly #decode = (row: Row): JournalRow => decodeRow(row, this.#source, decodeJournalRow);

  get #statements(): Statements {
    return (this.#prepared ??= prepareJournal(this.#database));
  }
}

function nextRow(batch: Unpacker): NewRow {
  const [position, count, at] = [batch.number(), batch.number(), batch.number()];
  batch.startRow();
  const [flow, owner, topic] = [batch.text() ?? "", batch.text() ?? "", batch.text() ?? ""];
  const text = batch.text() ?? "";
  const sum = journalChecksum(batch.row(), { position, count, at, flow, owner, topic });
  return [position, count, flow, owner, topic, at, text, sum];
}

function decodeJournalRow(row: Row): JournalRow {
  const [position, count, at] = [
    integerColumn(row["position"]),
    integerColumn(row["entries"]),
    integerColumn(row["at"]),
  ];
  const [flow, owner, topic, text] = [
    textColumn(row["flow"]),
    textColumn(row["owner"]),
    textColumn(row["topic"]),
    textColumn(row["text"]),
  ];
  const columns = { position, count, at, flow, owner, topic };
  verifyChecksum(row["sum"], journalChecksum(flow + owner + topic + text, columns));
  return { ...columns, owner: owner === OWN ? flow : owner, text };
}

/** Returns the checksum of a row; `text` is its flow, owner, topic and text, joined. */
function journalChecksum(
  text: string,
  { position, count, at, flow, owner, topic }: Omit<JournalRow, "text">,
): number {
  return checksum(text, [position, count, at, flow.length, owner.length, topic.length]);
}
