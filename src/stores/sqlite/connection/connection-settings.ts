/**
 * The tables of a SQLite store, and every statement that is run on them. Nothing else holds SQL, but for the lock.
 *
 * - SQ1: a deliverable message touches one b-tree, in the order of acceptance. A delayed one has a table of its own, so that recovery
 *   reads what is deliverable however many are delayed; there it touches four at most.
 * - SQ2: rows lie by number. In a table that lies by name a large row slows all lookups near it, for SQLite reads the whole of a row to
 *   compare its name. Values are looked up by a number made of the id (`stateKey`), whose index is a fifth of that of names.
 * - SQ3: application id and format version are written before the log (WAL) is first used, and with each change of format so again:
 *   the header of the file itself always tells them.
 */

import type { DatabaseSync, StatementSync } from "node:sqlite";
import { metaSum, ownerSum } from "../rows/row-checksums.ts";
import { integer, text } from "../rows/columns.ts";
import { APPLICATION_ID, FORMAT_VERSION } from "../file/store-file.ts";

const SCHEMA = `
  CREATE TABLE message (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL, head TEXT NOT NULL, payload TEXT NOT NULL, sum INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE delayed (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL, due_at INTEGER NOT NULL, token TEXT, scope TEXT, head TEXT NOT NULL, payload TEXT NOT NULL,
    sum INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX delayed_order ON delayed (due_at, seq);
  CREATE UNIQUE INDEX delayed_token ON delayed (token) WHERE token IS NOT NULL;
  CREATE INDEX delayed_scope ON delayed (scope) WHERE scope IS NOT NULL;

  CREATE TABLE state (
    place INTEGER PRIMARY KEY, key INTEGER NOT NULL, type TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,
    expires_at INTEGER, owner_sum INTEGER NOT NULL, sum INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX state_key ON state (key);
  CREATE INDEX state_expiry ON state (expires_at) WHERE expires_at IS NOT NULL;

  CREATE TABLE watch (
    scope TEXT NOT NULL, type TEXT NOT NULL, id TEXT NOT NULL, token TEXT NOT NULL, sum INTEGER NOT NULL,
    PRIMARY KEY (scope, type, id, token)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE dead (
    place INTEGER PRIMARY KEY, id TEXT NOT NULL, at INTEGER NOT NULL, failure TEXT NOT NULL, head TEXT NOT NULL, payload TEXT NOT NULL,
    sum INTEGER NOT NULL
  ) STRICT;

  CREATE INDEX dead_id ON dead (id);

  CREATE TABLE suspect (seq INTEGER PRIMARY KEY, crashes INTEGER NOT NULL, sum INTEGER NOT NULL) STRICT;

  CREATE TABLE meta (
    place INTEGER PRIMARY KEY, realm TEXT NOT NULL, generation INTEGER NOT NULL, clean INTEGER NOT NULL, relaxed INTEGER NOT NULL,
    sum INTEGER NOT NULL
  ) STRICT;
`;

/**
 * Settings of a connection: they are not kept in the file. Sizes: 8 MiB of cache, for SQLite goes through all of it at the end of most
 * transactions (a sixth of the writer's time, with 32 MiB); a log that is cut back to 64 MiB. Checkpoints are asked for, never a part of a
 * commit, so that their failures are heard.
 */
const SETTINGS = `
  PRAGMA busy_timeout = 100; PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = 67108864;
  PRAGMA wal_autocheckpoint = 0;  PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8192;
  PRAGMA cell_size_check = ON;
`;

/** Columns as they are read. What may hold a NUL is read as bytes: Node 22 ends a text there. */
const DELAYED = "seq, id, due_at, CAST(token AS BLOB) AS token, scope, head, payload, sum";
const OWNER = "place, type, CAST(id AS BLOB) AS id, name, owner_sum";

/**
 * When a commit counts: `strict`, once it is on disk; `relaxed`, once the operating system has it, so that the last commits survive
 * a crash of the process, but a power failure may take them.
 */
export type Durability = "strict" | "relaxed";

const SYNCHRONOUS = { strict: "FULL", relaxed: "NORMAL" } as const;

/** Makes the tables in an empty database, all of them at once, and names the store. */
export function makeTables(database: DatabaseSync, storeId: string): void {
  const marks = `PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${FORMAT_VERSION};`;
  // Without `auto_vacuum`, set ahead of the first table, a file never gets smaller.
  database.exec(
    `PRAGMA journal_mode = MEMORY; PRAGMA synchronous = FULL; PRAGMA auto_vacuum = INCREMENTAL; BEGIN; ${marks} ${SCHEMA}`,
  );
  const sum = metaSum({ storeId, generation: 0, clean: true, relaxed: false });
  database
    .prepare(
      "INSERT INTO meta (place, realm, generation, clean, relaxed, sum) VALUES (1, ?, 0, 1, 0, ?)",
    )
    .run(storeId, sum);
  database.exec("COMMIT");
}

/** Sets up a connection. */
export function prepareDatabase(database: DatabaseSync, durability: Durability): void {
  database.exec(SETTINGS);
  setDurability(database, durability);
}

/** Says when commits count from now on. */
export function setDurability(database: DatabaseSync, durability: Durability): void {
  database.exec(`PRAGMA synchronous = ${SYNCHRONOUS[durability]}`);
}

/** Free pages that are given back at once, 1 MiB: commits wait for that long. */
const PAGES_AT_ONCE = 256;

/** Has a statement give rows as lists of columns, where Node can: in half the time. */
function inLists(statement: StatementSync): StatementSync {
  if ("setReturnArrays" in statement) statement.setReturnArrays(true);
  return statement;
}

/** The statements of one connection, each prepared once. */
export type Statements = ReturnType<typeof prepareStatements>;

/** Prepares every statement on the tables. */
export function prepareStatements(database: DatabaseSync) {
  const prepare = (sql: string): StatementSync => database.prepare(sql);
  database.function("owner_sum_of", { deterministic: true, varargs: true }, (rowId, ...texts) => {
    const [type = "", id = "", name = ""] = texts.map(text);
    return ownerSum(type + id + name, { rowId: integer(rowId), type, id });
  });
  return {
    begin: prepare("BEGIN IMMEDIATE"),
    // It sees the store as it is when it first reads.
    beginReading: prepare("BEGIN"),
    commit: prepare("COMMIT"),
    rollback: prepare("ROLLBACK"),
    checkpoint: prepare("PRAGMA wal_checkpoint(PASSIVE)"),
    truncateLog: prepare("PRAGMA wal_checkpoint(TRUNCATE)"),
    checkPages: prepare("PRAGMA integrity_check(1)"),
    free: prepare("PRAGMA freelist_count"),
    total: prepare("PRAGMA page_count"),
    // It gives back a page with each row that is read of it.
    giveBack: prepare(`PRAGMA incremental_vacuum(${PAGES_AT_ONCE})`),

    meta: prepare("SELECT place, realm, generation, clean, relaxed, sum FROM meta"),
    setMeta: prepare("UPDATE meta SET generation = ?, clean = ?, relaxed = ?, sum = ?"),
    last: prepare(`
      SELECT max(ifnull((SELECT max(seq) FROM message), 0), ifnull((SELECT max(seq) FROM delayed), 0)) AS seq,
             ifnull((SELECT max(place) FROM state), 0) AS place
    `),

    remove: prepare("DELETE FROM message WHERE seq BETWEEN ? AND ?"),
    elapse: prepare("DELETE FROM delayed WHERE seq = ?"),
    cancel: prepare("DELETE FROM delayed WHERE token = ?"),
    insert: prepare("INSERT INTO message (seq, id, head, payload, sum) VALUES (?, ?, ?, ?, ?)"),
    delay: prepare(
      "INSERT INTO delayed (seq, id, due_at, head, payload, token, scope, sum) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    ),
    add: prepare(
      "INSERT INTO state (place, value, expires_at, sum, key, type, id, name, owner_sum) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    ),
    update: prepare("UPDATE state SET value = ?, expires_at = ?, sum = ? WHERE place = ?"),
    erase: prepare("DELETE FROM state WHERE place = ?"),
    watch: prepare(
      "INSERT OR IGNORE INTO watch (scope, type, id, token, sum) VALUES (?, ?, ?, ?, ?)",
    ),
    unwatch: prepare("DELETE FROM watch WHERE scope = ? AND type = ? AND id = ? AND token = ?"),
    bury: prepare(
      "INSERT INTO dead (id, head, payload, failure, at, sum) VALUES (?, ?, ?, ?, ?, ?)",
    ),

    deleteDeadLetter: prepare("DELETE FROM dead WHERE id = ?"),
    mark: prepare("INSERT OR REPLACE INTO suspect (seq, crashes, sum) VALUES (?, ?, ?)"),
    unmark: prepare("DELETE FROM suspect WHERE seq = ?"),
    unmarkAll: prepare("DELETE FROM suspect"),

    damagedOwner: prepare(
      `SELECT ${OWNER} FROM state WHERE type = ? AND owner_sum <> owner_sum_of(place, type, CAST(id AS BLOB), name) LIMIT 1`,
    ),
    renameStates: prepare(`
      UPDATE state SET type = ?, owner_sum = owner_sum_of(place, ?, CAST(id AS BLOB), name)
      WHERE type = ? AND id NOT IN (SELECT id FROM state WHERE type = ?)
    `),

    ready: prepare(
      "SELECT seq, id, head, payload, sum FROM message WHERE seq > ? ORDER BY seq LIMIT ?",
    ),
    delayed: prepare(
      `SELECT ${DELAYED} FROM delayed WHERE due_at > ? AND due_at <= ? ORDER BY due_at, seq LIMIT ?`,
    ),
    scope: prepare(`SELECT ${DELAYED} FROM delayed WHERE scope >= ? AND scope < ? ORDER BY seq`),
    watches: prepare(
      "SELECT scope, type, CAST(id AS BLOB) AS id, token, sum FROM watch WHERE scope >= ? AND scope < ?",
    ),
    nextDue: prepare("SELECT due_at FROM delayed ORDER BY due_at LIMIT 1"),
    // Whose a value is, is only told where it is another one's: two ids may share a number.
    state: inLists(
      prepare(`
      SELECT place, iif(mine, NULL, type) AS type, iif(mine, NULL, CAST(id AS BLOB)) AS id, name, owner_sum, value, expires_at, sum
      FROM (SELECT *, id = ? AND type = ? AS mine FROM state WHERE key = ?)
    `),
    ),
    expired: prepare(
      `SELECT ${OWNER} FROM state WHERE expires_at <= ? ORDER BY expires_at LIMIT ?`,
    ),
    dead: prepare(
      "SELECT place, id, at, failure, head, payload, sum FROM dead ORDER BY place LIMIT ?",
    ),
    letter: prepare("SELECT place, id, at, failure, head, payload, sum FROM dead WHERE id = ?"),
    marks: prepare("SELECT seq, crashes, sum FROM suspect ORDER BY seq"),
    count: prepare(`
      SELECT (SELECT count(*) FROM message) AS messages, (SELECT count(*) FROM delayed) AS delayed,
             (SELECT count(*) FROM state) AS state, (SELECT count(*) FROM watch) AS watches, (SELECT count(*) FROM dead) AS dead
    `),
  };
}
