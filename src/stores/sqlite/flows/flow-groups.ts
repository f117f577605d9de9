import type { StatementSync } from "node:sqlite";
import type { IndexedStatus } from "../../../core/engine/flow-index.ts";
import type { FlowGroup } from "../../store.ts";
import { checksum, verifyChecksum } from "../rows/checksum.ts";
import { integerColumn, textColumn } from "../rows/columns.ts";
import type { Row } from "../rows/columns.ts";
import { decodeRow } from "../rows/decode-row.ts";
import type { RowSource } from "../rows/decode-row.ts";
import type { FlowDatabase } from "./flow-database.ts";

/** The statuses in the order of their stored numbers. */
const STATUSES: readonly IndexedStatus[] = [
  "pending",
  "completed",
  "failed",
  "cancelled",
  "paused",
];

/** Functions and statuses of flows: each pair has a number, and the count of its flows. */
export const GROUP_SCHEMA = `
  CREATE TABLE flow_group (
    place INTEGER PRIMARY KEY, type TEXT NOT NULL, status INTEGER NOT NULL,
    count INTEGER NOT NULL, sum INTEGER NOT NULL, UNIQUE (type, status)
  ) STRICT;
`;

/** A group with its number in the store. */
export type StoredGroup = FlowGroup & { readonly place: number };

type GroupName = Pick<FlowGroup, "type" | "status">;

/** Returns the stored number of a status. */
export function statusNumber(status: IndexedStatus): number {
  return STATUSES.indexOf(status);
}

/** Returns the status with this number. @throws if there is none */
export function statusOfNumber(number: number): IndexedStatus {
  const status = STATUSES[number];
  if (status === undefined) throw new TypeError(`no status has the number ${number}`);
  return status;
}

/** The groups, on one connection. Nothing is kept in memory, as a transaction may be rolled back. */
export class FlowGroups {
  readonly #source: RowSource;
  readonly #select: StatementSync;
  readonly #selectAll: StatementSync;
  readonly #selectPlace: StatementSync;
  readonly #insert: StatementSync;
  readonly #update: StatementSync;

  constructor({ file, database }: FlowDatabase) {
    this.#source = { file, table: "flow_group", key: "place" };
    const columns = "place, type, status, count, sum";
    this.#select = database.prepare(
      `SELECT ${columns} FROM flow_group WHERE type = ? AND status = ?`,
    );
    this.#selectAll = database.prepare(`SELECT ${columns} FROM flow_group`);
    this.#selectPlace = database.prepare(`SELECT ${columns} FROM flow_group WHERE place = ?`);
    this.#insert = database.prepare(
      "INSERT INTO flow_group (type, status, count, sum) VALUES (?, ?, 0, 0)",
    );
    this.#update = database.prepare("UPDATE flow_group SET count = ?, sum = ? WHERE place = ?");
  }

  /** Reads all groups. */
  all(): readonly StoredGroup[] {
    return this.#selectAll.all().map(this.#decode);
  }

  find({ type, status }: GroupName): StoredGroup | undefined {
    const row = this.#select.get(type, statusNumber(status));
    return row === undefined ? undefined : this.#decode(row);
  }

  /** Finds a group, or makes one without flows. */
  findOrAdd(name: GroupName): StoredGroup {
    const found = this.find(name);
    if (found !== undefined) return found;
    const { lastInsertRowid } = this.#insert.run(name.type, statusNumber(name.status));
    const added = { ...name, place: Number(lastInsertRowid), count: 0 };
    this.#update.run(0, groupChecksum(added), added.place);
    return added;
  }

  /** Adds to the counts of groups, by their places. */
  addToCounts(added: ReadonlyMap<number, number>): void {
    for (const [place, more] of added) {
      if (more === 0) continue;
      const row = this.#selectPlace.get(place);
      if (row === undefined) throw new RangeError(`the index of flows has no group ${place}`);
      const group = this.#decode(row);
      const count = group.count + more;
      this.#update.run(count, groupChecksum({ ...group, count }), place);
    }
  }

  readonly #decode = (row: Row): StoredGroup => decodeRow(row, this.#source, decodeGroup);
}

function decodeGroup(row: Row): StoredGroup {
  const group = {
    place: integerColumn(row["place"]),
    type: textColumn(row["type"]),
    status: statusOfNumber(integerColumn(row["status"])),
    count: integerColumn(row["count"]),
  };
  verifyChecksum(row["sum"], groupChecksum(group));
  return group;
}

function groupChecksum({ place, type, status, count }: StoredGroup): number {
  return checksum(type, [place, statusNumber(status), count]);
}
