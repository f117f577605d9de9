import type { SQLOutputValue } from "node:sqlite";
import { isUint8Array } from "node:util/types";

/** A row as SQLite returns it. */
export type Row = Record<string, SQLOutputValue>;
/** The value of one column; `undefined` if the statement does not select that column. */
export type Column = SQLOutputValue | undefined;

const UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** Returns a text, which may have been read as bytes. */
export function textColumn(value: Column): string {
  if (typeof value === "string") return value;
  if (isUint8Array(value)) return UTF8.decode(value);
  throw new TypeError(`expected text in a column, got ${typeof value}`);
}

/** Returns a text, or `null` for NULL. */
export function nullableTextColumn(value: Column): string | null {
  return value === null ? null : textColumn(value);
}

/** Returns a whole number. */
export function integerColumn(value: Column): number {
  if (typeof value === "number") return value;
  throw new TypeError(`expected an integer in a column, got ${typeof value}`);
}
