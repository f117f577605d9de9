import type { StatementSync } from "node:sqlite";
import type { Batch, ScopeWatch } from "../../store.ts";
import { checksum, verifyChecksum } from "../rows/checksum.ts";
import { textColumn } from "../rows/columns.ts";
import type { Row } from "../rows/columns.ts";
import { decodeRow } from "../rows/decode-row.ts";
import type { RowSource } from "../rows/decode-row.ts";
import type { Packer, Unpacker } from "../rows/packed.ts";
import { NO_LIMIT, prefixEnd } from "./scope-prefix.ts";
import type { OpenTable, Table, TableSource } from "./table.ts";

/** Watches: the addresses that learn of the cancellation of a scope. */
export const watches: Table<Watches> = {
  name: "watch",
  countedAs: "watches",
  schema: `
    CREATE TABLE watch (
      scope TEXT NOT NULL, type TEXT NOT NULL, id TEXT NOT NULL, token TEXT NOT NULL,
      sum INTEGER NOT NULL, PRIMARY KEY (scope, type, id, token)
    ) STRICT, WITHOUT ROWID;
  `,
  pack: packWatches,
  open: (source) => new Watches(source),
};

function packWatches(packer: Packer, { unwatched, watched }: Batch): void {
  packer.number(unwatched.length);
  for (const watch of unwatched) packWatch(packer, watch);
  packer.number(watched.length);
  for (const watch of watched) packWatch(packer, watch);
}

function packWatch(packer: Packer, { scope, address, token }: ScopeWatch): void {
  packer.text(scope);
  packer.text(address.type);
  packer.text(address.id);
  packer.text(token);
}

export class Watches implements OpenTable {
  readonly #source: RowSource;
  readonly #delete: StatementSync;
  readonly #insert: StatementSync;
  readonly #selectScope: StatementSync;

  constructor({ file, database }: TableSource) {
    this.#source = { file, table: "watch", key: "scope" };
    this.#delete = database.prepare(
      "DELETE FROM watch WHERE scope = ? AND type = ? AND id = ? AND token = ?",
    );
    this.#insert = database.prepare(
      "INSERT OR IGNORE INTO watch (scope, type, id, token, sum) VALUES (?, ?, ?, ?, ?)",
    );
    // An id may hold a NUL, where Node 22 ends a text, so it is read as bytes.
    this.#selectScope = database.prepare(`
      SELECT scope, type, CAST(id AS BLOB) AS id, token, sum FROM watch
      WHERE scope >= ? AND scope < ? LIMIT ?
    `);
  }

  apply(batch: Unpacker): void {
    for (let left = batch.number(); left > 0; left--)
      this.#delete.run(batch.text(), batch.text(), batch.text(), batch.text());
    for (let left = batch.number(); left > 0; left--) this.#insertNext(batch);
  }

  #insertNext(batch: Unpacker): void {
    batch.startRow();
    const [scope, type, id] = [batch.text() ?? "", batch.text() ?? "", batch.text() ?? ""];
    const token = batch.text();
    this.#insert.run(scope, type, id, token, watchChecksum(batch.row(), { scope, type, id }));
  }

  /** Reads the watches of all scopes whose names begin with `prefix`. */
  readScope(prefix: string, limit = NO_LIMIT): readonly ScopeWatch[] {
    return this.#selectScope.all(prefix, prefixEnd(prefix), limit).map(this.#decode);
  }

  readonly #decode = (row: Row): ScopeWatch => decodeRow(row, this.#source, decodeWatch);
}

function decodeWatch(row: Row): ScopeWatch {
  const [scope, type, id, token] = [
    textColumn(row["scope"]),
    textColumn(row["type"]),
    textColumn(row["id"]),
    textColumn(row["token"]),
  ];
  verifyChecksum(row["sum"], watchChecksum(scope + type + id + token, { scope, type, id }));
  return { scope, address: { type, id }, token };
}

/** Returns the checksum of a row; `text` is its scope, type, id and token, joined. */
function watchChecksum(
  text: string,
  { scope, type, id }: { readonly scope: string; readonly type: string; readonly id: string },
): number {
  return checksum(text, [scope.length, type.length, id.length]);
}
