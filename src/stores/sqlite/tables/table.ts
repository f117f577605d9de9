import type { DatabaseSync } from "node:sqlite";
import type { Batch, Store } from "../../store.ts";
import type { Packer, Unpacker } from "../rows/packed.ts";

/** Rows that a store holds, by kind. */
export type RowCounts = ReturnType<Store["count"]>;

/** The database on which a table prepares its statements. */
export interface TableSource {
  /** Path of the database, for error messages. */
  readonly file: string;
  readonly database: DatabaseSync;
}

/** A table whose statements are prepared on one connection. The reads of a table are its own. */
export interface OpenTable {
  /** Applies the part of a batch that {@link Table.pack} packed. Runs inside a transaction. */
  apply(batch: Unpacker): void;
}

/**
 * One table of the store. Its file holds everything that depends on its columns: schema,
 * statements, packing, applying, decoding, and the checksum of a row.
 *
 * - TB1: tables are independent. No statement that applies a batch reads or writes another table,
 *   so a batch can be applied table by table.
 * - TB2: within a table, a batch deletes before it inserts.
 */
export interface Table<Open extends OpenTable> {
  /** The name of the table in SQL. */
  readonly name: string;
  /** The statements that create the table and its indexes. */
  readonly schema: string;
  /** The name under which `Store.count` reports the rows; absent: it does not. */
  readonly countedAs?: keyof RowCounts;
  /** Packs the part of a batch that changes this table. */
  pack(packer: Packer, batch: Batch): void;
  /** Prepares the statements of the table on a connection. */
  open(source: TableSource): Open;
}
