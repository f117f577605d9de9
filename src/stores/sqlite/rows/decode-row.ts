import { isUint8Array } from "node:util/types";
import { HandbackError } from "../../../core/errors/errors.ts";
import { corruptStore, messageOf } from "../file/sqlite-failure.ts";
import { textColumn } from "./columns.ts";
import type { Column, Row } from "./columns.ts";

/** The table that rows are read from, as an error names it. */
export interface RowSource {
  readonly file: string;
  readonly table: string;
  /** The column that identifies a row. */
  readonly key: string;
}

/**
 * Decodes a row.
 *
 * RW1 A row that cannot be decoded, or whose checksum does not match, is never returned. The error
 *     is `STORE_CORRUPT`, with `details` `file`, `table` and `row` (its number; for a watch, its
 *     scope).
 */
export function decodeRow<Result>(
  row: Row,
  source: RowSource,
  decode: (row: Row) => Result,
): Result {
  try {
    return decode(row);
  } catch (error) {
    throw damagedRow(error, source, row[source.key]);
  }
}

/**
 * Returns the error for a row that could not be decoded. An error about a newer format stays as it
 * is.
 */
export function damagedRow(error: unknown, { file, table }: RowSource, key: Column): unknown {
  if (HandbackError.is(error, "FORMAT_TOO_NEW")) return error;
  const row = isUint8Array(key) ? textColumn(key) : key;
  return corruptStore(file, `row ${row} of table ${table}: ${messageOf(error)}`, {
    where: { table, row },
    cause: error,
  });
}
