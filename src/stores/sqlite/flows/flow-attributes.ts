import type { StatementSync } from "node:sqlite";
import type { FlowAttributeFilter } from "../../../core/engine/flow-index.ts";
import type { FlowRange } from "../../store.ts";
import { integerColumn } from "../rows/columns.ts";
import type { FlowDatabase } from "./flow-database.ts";
import { attributesOf } from "./flow-columns.ts";
import type { FlowColumns } from "./flow-columns.ts";
import { JOINED, joinNumber, SPLIT } from "./flow-number.ts";
import { placeAfter } from "./place-after.ts";

/** Attributes of flows. A row only leads to the row of its flow, which has the checksum. */
export const ATTRIBUTE_SCHEMA = `
  CREATE TABLE flow_attribute (
    name TEXT NOT NULL, value TEXT NOT NULL, started_at INTEGER NOT NULL, number INTEGER NOT NULL,
    PRIMARY KEY (name, value, started_at, number)
  ) STRICT, WITHOUT ROWID;
`;

/** The attributes of flows, on one connection. */
export class FlowAttributeRows {
  readonly #insert: StatementSync;
  readonly #delete: StatementSync;
  readonly #selectNewest: StatementSync;
  readonly #selectOldest: StatementSync;

  constructor({ database }: FlowDatabase) {
    this.#insert = database.prepare(
      `INSERT OR IGNORE INTO flow_attribute (name, value, started_at, number)
       VALUES (?, ?, ?, ${JOINED})`,
    );
    this.#delete = database.prepare(
      `DELETE FROM flow_attribute
       WHERE name = ? AND value = ? AND started_at = ? AND number = ${JOINED}`,
    );
    const select = (comparison: string, order: string): StatementSync =>
      database.prepare(
        `SELECT ${SPLIT} FROM flow_attribute
         WHERE name = ? AND value = ? AND (started_at, number) ${comparison} (?, ${JOINED})
         ORDER BY started_at ${order}, number ${order} LIMIT ?`,
      );
    this.#selectNewest = select("<", "DESC");
    this.#selectOldest = select(">", "ASC");
  }

  /** Adds the attributes of a flow. */
  add(flow: FlowColumns): void {
    this.#run(this.#insert, flow);
  }

  /** Deletes the attributes of a flow. */
  delete(flow: FlowColumns): void {
    this.#run(this.#delete, flow);
  }

  /** Returns the numbers of flows that have an attribute. */
  read(
    { name, value }: FlowAttributeFilter,
    { order, after, limit }: FlowRange,
  ): readonly string[] {
    const statement = order === "newest" ? this.#selectNewest : this.#selectOldest;
    return statement
      .all(name, JSON.stringify(value), ...placeAfter(order, after), limit)
      .map((row) => joinNumber([integerColumn(row["high"]), integerColumn(row["low"])]));
  }

  #run(statement: StatementSync, flow: FlowColumns): void {
    const { startedAt, high, low } = flow;
    for (const [name, value] of attributesOf(flow) ?? [])
      statement.run(name, JSON.stringify(value), startedAt, high, low);
  }
}
