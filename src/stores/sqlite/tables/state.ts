import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { StoredValue } from "../../../core/activation/effects.ts";
import type { Json } from "../../../core/data/json.ts";
import { PAUSE_TYPE } from "../../../core/engine/pauses.ts";
import { isSystemType } from "../../../core/message/address.ts";
import type { Address } from "../../../core/message/address.ts";
import { decodeContent, encodeContent } from "../../../core/state/content.ts";
import { textAfterPrefix } from "../../key-prefix.ts";
import type { Batch, ExpiredValue, StateRange, StateRow, StateWrite } from "../../store.ts";
import { checksum, verifyChecksum } from "../rows/checksum.ts";
import { integerColumn, textColumn } from "../rows/columns.ts";
import type { Column, Row } from "../rows/columns.ts";
import { damagedRow, decodeRow } from "../rows/decode-row.ts";
import type { RowSource } from "../rows/decode-row.ts";
import type { Packer, Unpacker } from "../rows/packed.ts";
import { RowInsert } from "../rows/row-insert.ts";
import type { NewRow } from "../rows/row-insert.ts";
import { stateKey } from "./state-key.ts";
import type { OpenTable, Table, TableSource } from "./table.ts";

/** The part of the table that holds users' states: the values that users count and rename. */
const OF_USERS = "substr(type, 1, 5) <> '_sys/'";

/** The part of the table that holds pauses, which are few among many states of the system. */
const OF_PAUSES = `type = '${PAUSE_TYPE}'`;

/**
 * Find users' states and pauses by type and id. Stores of older versions get them when they are
 * opened, in place of an index by type only.
 */
const OWNER_INDEXES = `
  DROP INDEX IF EXISTS state_type;
  CREATE INDEX IF NOT EXISTS state_owner ON state (type, id) WHERE ${OF_USERS};
  CREATE INDEX IF NOT EXISTS state_pause ON state (type, id) WHERE ${OF_PAUSES};
`;

/**
 * Values of states, one a row.
 *
 * SQ2 Rows lie by number. In a table that lies by name, a large row slows all lookups near it,
 *     because SQLite reads the whole row to compare its name. Values are looked up by a number made
 *     of the id ({@link stateKey}); the index of these numbers is a fifth of the size of one by
 *     name.
 */
export const state: Table<StateValues> = {
  name: "state",
  countedAs: "state",
  schema: `
    CREATE TABLE state (
      place INTEGER PRIMARY KEY, key INTEGER NOT NULL, type TEXT NOT NULL, id TEXT NOT NULL,
      name TEXT NOT NULL, value TEXT NOT NULL, expires_at INTEGER, owner_sum INTEGER NOT NULL,
      sum INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX state_key ON state (key);
    CREATE INDEX state_expiry ON state (expires_at) WHERE expires_at IS NOT NULL;
    ${OWNER_INDEXES}
  `,
  pack: packState,
  open: (source) => new StateValues(source),
};

/** In SQLite, bytes come after all texts. */
const AFTER_ALL_TEXTS = new Uint8Array();

/** The kinds of a write. */
const WRITE = { delete: 0, update: 1, insert: 2 } as const;

/** The packed `expiresAt` of a value that does not expire. The checksum contains it. */
const NO_EXPIRY = -1;

/**
 * Columns that identify the owner. An id may hold a NUL, where Node 22 ends a text, so it is read
 * as bytes.
 */
const OWNER = "place, type, CAST(id AS BLOB) AS id, name, owner_sum";

/** The control data of one value, with its owner's id. */
export interface StoredControl {
  readonly rowId: number;
  readonly id: string;
  readonly json: Json;
  readonly expiresAt: number | undefined;
}

function packState(packer: Packer, { values }: Batch): void {
  packer.number(values.length);
  for (const write of values) packWrite(packer, write);
}

function packWrite(packer: Packer, { rowId, isNew, address, name, value }: StateWrite): void {
  packer.number(value === undefined ? WRITE.delete : isNew ? WRITE.insert : WRITE.update);
  packer.number(rowId);
  if (value === undefined) return;
  packValue(packer, value);
  if (!isNew) return;
  packer.text(address.type);
  packer.text(address.id);
  packer.text(name);
}

function packValue(packer: Packer, { content, expiresAt = NO_EXPIRY }: StoredValue): void {
  packer.text(encodeContent(content));
  packer.number(expiresAt);
}

export class StateValues implements OpenTable {
  readonly #source: RowSource;
  readonly #delete: StatementSync;
  readonly #update: StatementSync;
  readonly #insert: RowInsert;
  readonly #select: StatementSync;
  readonly #selectExpired: StatementSync;
  readonly #selectLast: StatementSync;
  readonly #selectIds: StatementSync;
  readonly #selectPauses: StatementSync;
  readonly #selectNextType: StatementSync;
  readonly #countType: StatementSync;
  readonly #database: DatabaseSync;

  constructor({ file, database }: TableSource) {
    this.#database = database;
    this.#source = { file, table: "state", key: "place" };
    database.function("owner_sum_of", { deterministic: true, varargs: true }, ownerChecksumOf);
    this.#delete = database.prepare("DELETE FROM state WHERE place = ?");
    this.#update = database.prepare(
      "UPDATE state SET value = ?, expires_at = ?, sum = ? WHERE place = ?",
    );
    this.#insert = new RowInsert(
      database,
      "state (place, value, expires_at, sum, key, type, id, name, owner_sum)",
      "?, ?, ?, ?, ?, ?, ?, ?, ?",
    );
    // Two ids may share a key, so rows of another owner carry its type and id.
    this.#select = returningLists(
      database.prepare(`
        SELECT place, iif(mine, NULL, type) AS type, iif(mine, NULL, CAST(id AS BLOB)) AS id, name,
               owner_sum, value, expires_at, sum
        FROM (SELECT *, id = ? AND type = ? AS mine FROM state WHERE key = ?)
      `),
    );
    this.#selectExpired = database.prepare(
      `SELECT ${OWNER} FROM state WHERE expires_at <= ? ORDER BY expires_at LIMIT ?`,
    );
    const selectIds = (part: string): StatementSync =>
      database.prepare(
        `SELECT CAST(id AS BLOB) AS id FROM (
           SELECT DISTINCT id FROM state
           WHERE type = ? AND ${part} AND id >= ? AND id < ? ORDER BY id LIMIT ?
         )`,
      );
    this.#selectIds = selectIds(OF_USERS);
    this.#selectPauses = selectIds(OF_PAUSES);
    this.#selectNextType = database.prepare(
      `SELECT min(type) AS type FROM state WHERE type > ? AND ${OF_USERS}`,
    );
    this.#countType = database.prepare(
      `SELECT count(DISTINCT id) AS count FROM state WHERE type = ? AND ${OF_USERS}`,
    );
    this.#selectLast = database.prepare("SELECT ifnull(max(place), 0) AS place FROM state");
  }

  apply(batch: Unpacker): void {
    const inserted: NewRow[] = [];
    for (let left = batch.number(); left > 0; left--) {
      const row = this.#changeNext(batch);
      if (row !== undefined) inserted.push(row);
    }
    this.#insert.run(inserted);
  }

  /** Deletes or updates the next value, or returns the row of a new one. */
  #changeNext(batch: Unpacker): NewRow | undefined {
    const [kind, rowId] = [batch.number(), batch.number()];
    if (kind === WRITE.delete) return void this.#delete.run(rowId);
    const [value, expiry] = [batch.text() ?? "", batch.number()];
    const expiresAt = expiry === NO_EXPIRY ? null : expiry;
    const sum = valueChecksum(value, rowId, expiry);
    if (kind === WRITE.update) return void this.#update.run(value, expiresAt, sum, rowId);
    batch.startRow();
    const [type, id, name] = [batch.text() ?? "", batch.text() ?? "", batch.text()];
    const ownerSum = ownerChecksum(batch.row(), { rowId, type, id });
    return [rowId, value, expiresAt, sum, stateKey(id), type, id, name, ownerSum];
  }

  /** Reads all values of one address. */
  read(address: Address): readonly StateRow[] {
    const { type, id } = address;
    const found: StateRow[] = [];
    for (const row of this.#select.all(id, type, stateKey(id))) {
      const value = this.#decodeValue(Object.values(row), address);
      if (value !== undefined) found.push(value);
    }
    return found;
  }

  /** Reads which values expired at or before `now`, the earliest first, at most `limit`. */
  readExpired(now: number, limit: number): readonly ExpiredValue[] {
    return this.#selectExpired.all(now, limit).map(this.#decodeOwner);
  }

  /**
   * Reads the control data of the values of one function and name, in the order of their row ids,
   * above `after`, at most `limit`.
   */
  readControls(
    { type, name }: { readonly type: string; readonly name: string },
    after: number,
    limit: number,
  ): readonly StoredControl[] {
    const rows = this.#database
      .prepare(
        `SELECT ${OWNER}, value, expires_at, sum FROM state
         WHERE place > ? AND type = ? AND name = ? ORDER BY place LIMIT ?`,
      )
      .iterate(after, type, name, limit);
    // One after the other, because the text beside the control data may be large.
    return Array.from(rows, (row) => decodeRow(row, this.#source, decodeControl));
  }

  /** Gives the values of one type to another, except for ids that have values there already. */
  rename(from: string, to: string): void {
    // The index by type leaves out system functions.
    const part = isSystemType(from) ? "true" : OF_USERS;
    const damaged = this.#database
      .prepare(
        `SELECT ${OWNER} FROM state WHERE type = ? AND ${part}
           AND owner_sum <> owner_sum_of(place, type, CAST(id AS BLOB), name) LIMIT 1`,
      )
      .get(from);
    if (damaged !== undefined) this.#decodeOwner(damaged);
    this.#database
      .prepare(
        `UPDATE state SET type = ?, owner_sum = owner_sum_of(place, ?, CAST(id AS BLOB), name)
         WHERE type = ? AND ${part} AND id NOT IN (SELECT id FROM state WHERE type = ? AND ${part})`,
      )
      .run(to, to, from, to);
  }

  /** Makes the indexes by type and id in a store of an older version. */
  addOwnerIndexes(): void {
    this.#database.exec(OWNER_INDEXES);
  }

  /** Reads ids of users' states, or of pauses, in their order. */
  readIds({ type, idPrefix, after, limit }: StateRange): readonly string[] {
    const select = type === PAUSE_TYPE ? this.#selectPauses : this.#selectIds;
    // No other text lies between one and the same with a NUL.
    const from = after === undefined ? idPrefix : `${after}\0`;
    return select
      .all(type, from, textAfterPrefix(idPrefix) ?? AFTER_ALL_TEXTS, limit)
      .map(({ id = null }) => textColumn(id));
  }

  /** Counts the ids of each of users' types that `isWanted` selects, one index look-up a type. */
  countByType(isWanted: (type: string) => boolean): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (let type = this.#nextType(""); type !== null; type = this.#nextType(type))
      if (isWanted(type)) counts.set(type, integerColumn(this.#countType.get(type)?.["count"]));
    return counts;
  }

  #nextType(after: string): string | null {
    const type = this.#selectNextType.get(after)?.["type"] ?? null;
    return type === null ? null : textColumn(type);
  }

  /** Returns the highest row id, or 0. */
  lastRowId(): number {
    return integerColumn(this.#selectLast.get()?.["place"]);
  }

  #decodeValue(columns: readonly Column[], address: Address): StateRow | undefined {
    try {
      return decodeValue(columns, address);
    } catch (error) {
      throw damagedRow(error, this.#source, columns[0]);
    }
  }

  readonly #decodeOwner = (row: Row): ExpiredValue =>
    decodeRow(row, this.#source, decodeOwnerColumns);
}

/** Makes a statement return rows as lists of columns, which takes half the time. Node 22 cannot. */
function returningLists(statement: StatementSync): StatementSync {
  if ("setReturnArrays" in statement) statement.setReturnArrays(true);
  return statement;
}

/**
 * Decodes a row that was found by the key of an id; returns `undefined` if it belongs to another
 * id.
 */
function decodeValue(
  [place, type, id, name, ownerSum, value, expiry, sum]: readonly Column[],
  address: Address,
): StateRow | undefined {
  const isOther = type !== null;
  const owner = decodeOwner(
    isOther ? [place, type, id, name] : [place, address.type, address.id, name],
    ownerSum,
  );
  if (isOther) return undefined;
  const [stored, expiresAt] = [
    textColumn(value),
    expiry === null ? NO_EXPIRY : integerColumn(expiry),
  ];
  verifyChecksum(sum, valueChecksum(stored, owner.rowId, expiresAt));
  const content = decodeContent(stored);
  return {
    rowId: owner.rowId,
    name: owner.name,
    value: expiresAt === NO_EXPIRY ? { content } : { content, expiresAt },
  };
}

function decodeControl(row: Row): StoredControl {
  const { rowId, id } = decodeOwnerColumns(row);
  const text = textColumn(row["value"]);
  const expiry = row["expires_at"] === null ? NO_EXPIRY : integerColumn(row["expires_at"]);
  verifyChecksum(row["sum"], valueChecksum(text, rowId, expiry));
  const { json = null } = decodeContent(text);
  return { rowId, id, json, expiresAt: expiry === NO_EXPIRY ? undefined : expiry };
}

function decodeOwnerColumns(row: Row): ExpiredValue {
  return decodeOwner([row["place"], row["type"], row["id"], row["name"]], row["owner_sum"]);
}

function decodeOwner(columns: readonly Column[], sum: Column): ExpiredValue {
  const [rowId, type, id, name] = [
    integerColumn(columns[0]),
    textColumn(columns[1]),
    textColumn(columns[2]),
    textColumn(columns[3]),
  ];
  verifyChecksum(sum, ownerChecksum(type + id + name, { rowId, type, id }));
  return { rowId, type, id, name };
}

/** The SQL function `owner_sum_of(place, type, id, name)`. */
function ownerChecksumOf(place: Column, ...texts: readonly Column[]): number {
  const [type = "", id = "", name = ""] = texts.map(textColumn);
  return ownerChecksum(type + id + name, { rowId: integerColumn(place), type, id });
}

/**
 * Returns the checksum of the columns that identify a value; `text` is type, id and name, joined.
 */
function ownerChecksum(
  text: string,
  { rowId, type, id }: { readonly rowId: number; readonly type: string; readonly id: string },
): number {
  return checksum(text, [rowId, type.length, id.length]);
}

/** Returns the checksum of a value; `expiresAt` is {@link NO_EXPIRY} if it does not expire. */
function valueChecksum(text: string, rowId: number, expiresAt: number): number {
  return checksum(text, [rowId, expiresAt]);
}
