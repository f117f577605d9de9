import type { StatementSync } from "node:sqlite";
import { decodeEnvelope } from "../../../core/message/envelope.ts";
import type { Batch, StoredMessage } from "../../store.ts";
import { checksum, NULL_LENGTH, verifyChecksum } from "../rows/checksum.ts";
import { integerColumn, nullableTextColumn, textColumn } from "../rows/columns.ts";
import type { Row } from "../rows/columns.ts";
import { decodeRow } from "../rows/decode-row.ts";
import type { RowSource } from "../rows/decode-row.ts";
import type { Packer, Unpacker } from "../rows/packed.ts";
import { packEnvelope } from "./pack-envelope.ts";
import { NO_LIMIT, prefixEnd } from "./scope-prefix.ts";
import type { OpenTable, Table, TableSource } from "./table.ts";

/** Delayed messages. Each touches at most four b-trees: the table and its three indexes. */
export const delayed: Table<DelayedMessages> = {
  name: "delayed",
  countedAs: "delayed",
  schema: `
    CREATE TABLE delayed (
      seq INTEGER PRIMARY KEY, id TEXT NOT NULL, due_at INTEGER NOT NULL, token TEXT, scope TEXT,
      head TEXT NOT NULL, payload TEXT NOT NULL, sum INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX delayed_order ON delayed (due_at, seq);
    CREATE UNIQUE INDEX delayed_token ON delayed (token) WHERE token IS NOT NULL;
    CREATE INDEX delayed_scope ON delayed (scope) WHERE scope IS NOT NULL;
  `,
  pack: packDelayed,
  open: (source) => new DelayedMessages(source),
};

/** Columns of a read. A token may hold a NUL, where Node 22 ends a text, so it is read as bytes. */
const COLUMNS = "seq, id, due_at, CAST(token AS BLOB) AS token, scope, head, payload, sum";

type DelayedMessage = StoredMessage & { readonly dueAt: number };

function packDelayed(packer: Packer, { removedDelayed, cancelledTokens, inserted }: Batch): void {
  packer.number(removedDelayed.length);
  for (const seq of removedDelayed) packer.number(seq);
  packer.number(cancelledTokens.length);
  for (const token of cancelledTokens) packer.text(token);
  const waiting = inserted.filter(hasDueTime);
  packer.number(waiting.length);
  for (const message of waiting) packDelayedMessage(packer, message);
}

function hasDueTime(message: StoredMessage): message is DelayedMessage {
  return message.dueAt !== undefined;
}

function packDelayedMessage(packer: Packer, message: DelayedMessage): void {
  const { seq, dueAt, token, envelope } = message;
  packer.number(seq);
  packer.number(dueAt);
  packEnvelope(packer, envelope);
  packer.text(token);
  packer.text(envelope.scope);
}

export class DelayedMessages implements OpenTable {
  readonly #source: RowSource;
  readonly #delete: StatementSync;
  readonly #deleteByToken: StatementSync;
  readonly #insert: StatementSync;
  readonly #selectDue: StatementSync;
  readonly #selectScope: StatementSync;
  readonly #selectNextDue: StatementSync;
  readonly #selectLast: StatementSync;

  constructor({ file, database }: TableSource) {
    this.#source = { file, table: "delayed", key: "seq" };
    this.#delete = database.prepare("DELETE FROM delayed WHERE seq = ?");
    this.#deleteByToken = database.prepare("DELETE FROM delayed WHERE token = ?");
    this.#insert = database.prepare(`
      INSERT INTO delayed (seq, id, due_at, head, payload, token, scope, sum)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    `);
    this.#selectDue = database.prepare(`
      SELECT ${COLUMNS} FROM delayed WHERE due_at > ? AND due_at <= ? ORDER BY due_at, seq LIMIT ?
    `);
    this.#selectScope = database.prepare(
      `SELECT ${COLUMNS} FROM delayed WHERE scope >= ? AND scope < ? LIMIT ?`,
    );
    this.#selectNextDue = database.prepare("SELECT due_at FROM delayed ORDER BY due_at LIMIT 1");
    this.#selectLast = database.prepare("SELECT ifnull(max(seq), 0) AS seq FROM delayed");
  }

  apply(batch: Unpacker): void {
    for (let left = batch.number(); left > 0; left--) this.#delete.run(batch.number());
    for (let left = batch.number(); left > 0; left--) this.#deleteByToken.run(batch.text());
    for (let left = batch.number(); left > 0; left--) this.#insertNext(batch);
  }

  #insertNext(batch: Unpacker): void {
    const [seq, dueAt] = [batch.number(), batch.number()];
    batch.startRow();
    const [id, head, payload] = [batch.text() ?? "", batch.text() ?? "", batch.text()];
    const [token, scope] = [batch.text(), batch.text()];
    const sum = delayedChecksum(batch.row(), { seq, dueAt, id, head, token, scope });
    this.#insert.run(seq, id, dueAt, head, payload, token, scope, sum);
  }

  /**
   * Reads messages due after `after` and until `until`, by due time, then `seq`; at most `limit`.
   */
  readDue(after: number, until: number, limit: number): readonly StoredMessage[] {
    return this.#selectDue.all(after, until, limit).map(this.#decode);
  }

  /** Reads the messages of all scopes whose names begin with `prefix`, in order of `seq`. */
  readScope(prefix: string, limit = NO_LIMIT): readonly StoredMessage[] {
    return this.#selectScope
      .all(prefix, prefixEnd(prefix), limit)
      .map(this.#decode)
      .sort((one, other) => one.seq - other.seq);
  }

  /** Returns the earliest due time, if there are messages. */
  nextDueAt(): number | undefined {
    const row = this.#selectNextDue.get();
    return row === undefined ? undefined : integerColumn(row["due_at"]);
  }

  /** Returns the highest `seq`, or 0. */
  lastSeq(): number {
    return integerColumn(this.#selectLast.get()?.["seq"]);
  }

  readonly #decode = (row: Row): StoredMessage => decodeRow(row, this.#source, decodeDelayed);
}

function decodeDelayed(row: Row): StoredMessage {
  const [seq, dueAt, id, head, payload] = [
    integerColumn(row["seq"]),
    integerColumn(row["due_at"]),
    textColumn(row["id"]),
    textColumn(row["head"]),
    textColumn(row["payload"]),
  ];
  const [token, scope] = [nullableTextColumn(row["token"]), nullableTextColumn(row["scope"])];
  const texts = id + head + payload + (token ?? "") + (scope ?? "");
  verifyChecksum(row["sum"], delayedChecksum(texts, { seq, dueAt, id, head, token, scope }));
  const envelope = decodeEnvelope(id, { head, payload });
  return { envelope, seq, dueAt, ...(token !== null && { token }) };
}

/** The columns of a delayed message, but for its payload. */
interface DelayedColumns {
  readonly seq: number;
  readonly dueAt: number;
  readonly id: string;
  readonly head: string;
  readonly token: string | null;
  readonly scope: string | null;
}

/** Returns the checksum of a row; `text` is its id, head, payload, token and scope, joined. */
function delayedChecksum(
  text: string,
  { seq, dueAt, id, head, token, scope }: DelayedColumns,
): number {
  const [tokenLength, scopeLength] = [token?.length ?? NULL_LENGTH, scope?.length ?? NULL_LENGTH];
  return checksum(text, [seq, dueAt, id.length, head.length, tokenLength, scopeLength]);
}
