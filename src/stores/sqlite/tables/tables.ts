import type { StatementSync } from "node:sqlite";
import { integerColumn } from "../rows/columns.ts";
import { commitMarks } from "./commit-marks.ts";
import { crashMarks } from "./crash-marks.ts";
import { deadLetters } from "./dead-letters.ts";
import { delayed } from "./delayed.ts";
import { flows } from "./flows.ts";
import { journal } from "./journal.ts";
import { messages } from "./messages.ts";
import { meta } from "./meta.ts";
import { state } from "./state.ts";
import type { OpenTable, RowCounts, Table, TableSource } from "./table.ts";
import { watches } from "./watches.ts";

/** All tables of a store, in the order in which a batch is packed and applied. */
const TABLES = {
  messages,
  delayed,
  state,
  watches,
  deadLetters,
  crashMarks,
  flows,
  journal,
  meta,
  commitMarks,
};

/** All tables, opened on one connection. */
export type OpenTables = {
  readonly [Name in keyof typeof TABLES]: ReturnType<(typeof TABLES)[Name]["open"]>;
};

/** All tables of a store, in the order in which a batch is packed and applied. */
export const ALL_TABLES: readonly Table<OpenTable>[] = Object.values(TABLES);

/** Opens all tables on a connection, in the order of {@link ALL_TABLES}. */
export function openTables(source: TableSource): OpenTables {
  // `fromEntries` loses the names.
  return Object.fromEntries(
    Object.entries(TABLES).map(([name, table]) => [name, table.open(source)]),
  ) as OpenTables;
}

/** Prepares the statement that {@link countRows} runs. */
export function prepareCount({ database }: TableSource): StatementSync {
  const counts = ALL_TABLES.flatMap(({ name, countedAs }) =>
    countedAs === undefined ? [] : [`(SELECT count(*) FROM ${name}) AS ${countedAs}`],
  );
  return database.prepare(`SELECT ${counts.join(", ")}`);
}

/** Counts the rows of every table, as of one moment. */
export function countRows(prepared: StatementSync): RowCounts {
  const row = prepared.get();
  const counts = { messages: 0, delayed: 0, state: 0, watches: 0, dead: 0 };
  for (const { countedAs } of ALL_TABLES)
    if (countedAs !== undefined) counts[countedAs] = integerColumn(row?.[countedAs]);
  return counts;
}
