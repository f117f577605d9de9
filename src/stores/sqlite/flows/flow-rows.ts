import type { StatementSync } from "node:sqlite";
import type { FlowOrder } from "../../../core/engine/flow-index.ts";
import { MOST_PREFIXED_KEYS, numbersWithPrefix, textAfterPrefix } from "../../key-prefix.ts";
import type { FlowRange } from "../../store.ts";
import { verifyChecksum } from "../rows/checksum.ts";
import { integerColumn, nullableTextColumn } from "../rows/columns.ts";
import type { Row } from "../rows/columns.ts";
import { decodeRow } from "../rows/decode-row.ts";
import type { RowSource } from "../rows/decode-row.ts";
import { RowInsert } from "../rows/row-insert.ts";
import type { NewRow } from "../rows/row-insert.ts";
import type { FlowDatabase } from "./flow-database.ts";
import { entryOfColumns, flowChecksum } from "./flow-columns.ts";
import type { FlowColumns, StoredEntry } from "./flow-columns.ts";
import type { StoredGroup } from "./flow-groups.ts";
import { JOINED, SPLIT, splitNumber } from "./flow-number.ts";
import { placeAfter } from "./place-after.ts";

/** Entries of flows, one a row. The key is NULL if it is the number. */
export const ROW_SCHEMA = `
  CREATE TABLE flow (
    number INTEGER PRIMARY KEY, key TEXT, place INTEGER NOT NULL, started_at INTEGER NOT NULL,
    settled_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, attributes TEXT,
    sum INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX flow_start ON flow (place, started_at);
  CREATE INDEX flow_key ON flow (key, started_at) WHERE key IS NOT NULL;
`;

// A key may hold characters at which Node 22 ends a text, so it is read as bytes.
const COLUMNS = `${SPLIT}, CAST(key AS BLOB) AS key, place, started_at, settled_at, expires_at,
  attributes, sum`;

/** A pair of statements that read in both orders. */
type InOrder = Readonly<Record<FlowOrder, StatementSync>>;

/** The entries of flows, on one connection. */
export class FlowRows {
  readonly #source: RowSource;
  readonly #insert: RowInsert;
  readonly #update: StatementSync;
  readonly #delete: StatementSync;
  readonly #select: StatementSync;
  readonly #selectByKey: StatementSync;
  readonly #selectGroup: InOrder;
  readonly #selectKeys: InOrder;
  readonly #selectNumbers: InOrder;
  readonly #countKeys: StatementSync;
  readonly #countNumbers: StatementSync;

  constructor({ file, database }: FlowDatabase) {
    this.#source = { file, table: "flow", key: "low" };
    // `INSERT OR REPLACE` takes half as long again.
    this.#insert = new RowInsert(
      database,
      "flow (number, key, place, started_at, settled_at, expires_at, attributes, sum)",
      `${JOINED}, ?, ?, ?, ?, ?, ?, ?`,
    );
    this.#update = database.prepare(
      `UPDATE flow SET place = ?, settled_at = ?, expires_at = ?, attributes = ?, sum = ?
       WHERE number = ${JOINED}`,
    );
    this.#delete = database.prepare(`DELETE FROM flow WHERE number = ${JOINED}`);
    this.#select = database.prepare(`SELECT ${COLUMNS} FROM flow WHERE number = ${JOINED}`);
    this.#selectByKey = database.prepare(`SELECT ${COLUMNS} FROM flow WHERE key = ?`);
    const ordered = (from: string): InOrder => {
      const select = (comparison: string, order: string): StatementSync => {
        const within = `(started_at, number) ${comparison} (?, ${JOINED})`;
        const by = `ORDER BY started_at ${order}, number ${order}`;
        return database.prepare(
          `SELECT ${COLUMNS} FROM flow
           WHERE number IN (SELECT number FROM flow ${from} AND ${within} ${by} LIMIT ?) ${by}`,
        );
      };
      return { newest: select("<", "DESC"), oldest: select(">", "ASC") };
    };
    const keys = "INDEXED BY flow_key WHERE key >= ? AND key < ifnull(?, x'00')";
    const numbers = `WHERE number BETWEEN (${JOINED}) AND (${JOINED}) AND key IS NULL`;
    this.#selectGroup = ordered("WHERE place = ?");
    this.#selectKeys = ordered(keys);
    this.#selectNumbers = ordered(numbers);
    const counted = (from: string): StatementSync =>
      database.prepare(`SELECT count(*) AS count FROM (SELECT 1 FROM flow ${from} LIMIT ?)`);
    this.#countKeys = counted(keys);
    this.#countNumbers = counted(numbers);
  }

  /** Inserts the rows of flows. */
  insert(flows: readonly FlowColumns[]): void {
    this.#insert.run(flows.map(newRowOf));
  }

  /** Changes the row of a flow, whose key and start stay. */
  update(columns: FlowColumns): void {
    const { high, low, place, settledAt, expiresAt, attributes } = columns;
    const sum = flowChecksum(columns);
    this.#update.run(place, settledAt, expiresAt, attributes, sum, high, low);
  }

  /** Deletes the row of a flow. */
  delete({ high, low }: Pick<FlowColumns, "high" | "low">): void {
    this.#delete.run(high, low);
  }

  find(number: string): StoredEntry | undefined {
    const row = this.#select.get(...splitNumber(number));
    return row === undefined ? undefined : this.#decode(row);
  }

  /** Finds the flow with this key. */
  findKey(key: string): StoredEntry | undefined {
    const row = this.#selectByKey.get(key);
    if (row !== undefined) return this.#decode(row);
    const isNumber = numbersWithPrefix(key)?.[0] === key;
    const found = isNumber ? this.find(key) : undefined;
    return found?.key === key ? found : undefined;
  }

  /** Reads flows of a group. */
  readGroup({ place }: StoredGroup, { order, after, limit }: FlowRange): readonly StoredEntry[] {
    return this.#selectGroup[order]
      .all(place, ...placeAfter(order, after), limit)
      .map(this.#decode);
  }

  /** Reads flows whose keys begin with the prefix; `undefined` if they are too many to sort. */
  readKeys(prefix: string, range: FlowRange): readonly StoredEntry[] | undefined {
    const given = [prefix, textAfterPrefix(prefix) ?? null] as const;
    const numbers = numbersWithPrefix(prefix)?.flatMap(splitNumber);
    const count = (
      statement: StatementSync,
      between: readonly (string | number | null)[],
    ): number => integerColumn(statement.get(...between, MOST_PREFIXED_KEYS + 1)?.["count"]);
    const all =
      count(this.#countKeys, given) +
      (numbers === undefined ? 0 : count(this.#countNumbers, numbers));
    if (all > MOST_PREFIXED_KEYS) return undefined;
    const { order, after, limit } = range;
    const bounds = [...placeAfter(order, after), limit] as const;
    const keyed = this.#selectKeys[order].all(...given, ...bounds);
    const generated =
      numbers === undefined ? [] : this.#selectNumbers[order].all(...numbers, ...bounds);
    return [...keyed, ...generated].map(this.#decode);
  }

  readonly #decode = (row: Row): StoredEntry => decodeRow(row, this.#source, decodeEntry);
}

function newRowOf(columns: FlowColumns): NewRow {
  const { high, low, key, place, startedAt, settledAt, expiresAt, attributes } = columns;
  const sum = flowChecksum(columns);
  return [high, low, key, place, startedAt, settledAt, expiresAt, attributes, sum];
}

function decodeEntry(row: Row): StoredEntry {
  const columns: FlowColumns = {
    high: integerColumn(row["high"]),
    low: integerColumn(row["low"]),
    key: nullableTextColumn(row["key"]),
    place: integerColumn(row["place"]),
    startedAt: integerColumn(row["started_at"]),
    settledAt: integerColumn(row["settled_at"]),
    expiresAt: integerColumn(row["expires_at"]),
    attributes: nullableTextColumn(row["attributes"]),
  };
  verifyChecksum(row["sum"], flowChecksum(columns));
  return entryOfColumns(columns);
}
