import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";

/** Values of the columns of one row. */
export type NewRow = readonly SQLInputValue[];

/** Rows that one statement inserts at most. Each alone would take about 1.5 times as long. */
const ROWS_AT_ONCE = 16;

/** Inserts rows into a table, many of them by one statement. */
export class RowInsert {
  readonly #one: StatementSync;
  readonly #many: StatementSync;

  /**
   * @param into - the table and its columns, in the order of the values of a row
   * @param row - the expressions of a row's columns, with a parameter for each of its values
   */
  constructor(database: DatabaseSync, into: string, row: string) {
    const insert = (rows: number): StatementSync =>
      database.prepare(`INSERT INTO ${into} VALUES ${Array(rows).fill(`(${row})`).join(", ")}`);
    this.#one = insert(1);
    this.#many = insert(ROWS_AT_ONCE);
  }

  /** Inserts all rows, in their order. */
  run(rows: readonly NewRow[]): void {
    let at = 0;
    for (; at + ROWS_AT_ONCE <= rows.length; at += ROWS_AT_ONCE)
      this.#many.run(...rows.slice(at, at + ROWS_AT_ONCE).flat());
    for (const row of rows.slice(at)) this.#one.run(...row);
  }
}
