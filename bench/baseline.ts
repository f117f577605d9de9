import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { PAYLOAD } from "./payload.ts";
import { startProcessorTime } from "./processor-time.ts";
import { makeScratch } from "./scratch.ts";

/** Operations that share their two commits. */
const BATCH = 256;
/** Rows of state that the operations take turns on. */
const STATES = 1_000;

/** Commits per operation of the baseline. */
export const BASELINE_COMMITS = 2 / BATCH;

/** Bytes of payload in the rows that one operation of the baseline writes. */
export const BASELINE_BYTES = 3 * PAYLOAD.length;

/** What SQLite itself can do. */
export interface Baseline {
  /** Operations per second. */
  readonly rate: number;
  /** CPU time of one, in µs. */
  readonly cpuUs: number;
}

/**
 * Measures what SQLite itself can do: the least that any durable engine must write for one.
 *
 * WAL, synchronous=FULL, batches of 256, two transactions each: one inserts an inbox row for every operation; the other
 * deletes it, upserts a row of state and inserts a result row. Payloads have 200 bytes.
 */
export function measureBaseline(seconds: number): Baseline {
  const scratch = makeScratch();
  const database = new DatabaseSync(join(scratch.path, "raw.db"));
  try {
    database.exec(`
      PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
      CREATE TABLE inbox (id INTEGER PRIMARY KEY, payload TEXT NOT NULL) STRICT;
      CREATE TABLE state (id INTEGER PRIMARY KEY, value TEXT NOT NULL) STRICT;
      CREATE TABLE result (id INTEGER PRIMARY KEY, payload TEXT NOT NULL) STRICT;
    `);
    return runBatches(database, seconds);
  } finally {
    database.close();
    scratch.remove();
  }
}

function runBatches(database: DatabaseSync, seconds: number): Baseline {
  const begin = database.prepare("BEGIN IMMEDIATE");
  const commit = database.prepare("COMMIT");
  const receive = database.prepare("INSERT INTO inbox (id, payload) VALUES (?, ?)");
  const consume = database.prepare("DELETE FROM inbox WHERE id = ?");
  const upsert = database.prepare("INSERT OR REPLACE INTO state (id, value) VALUES (?, ?)");
  const result = database.prepare("INSERT INTO result (id, payload) VALUES (?, ?)");
  const cpu = startProcessorTime();
  const start = performance.now();
  let done = 0;
  for (; performance.now() - start < seconds * 1_000; done += BATCH) {
    begin.run();
    for (let id = done; id < done + BATCH; id++) receive.run(id, PAYLOAD);
    commit.run();
    begin.run();
    for (let id = done; id < done + BATCH; id++) {
      consume.run(id);
      upsert.run(id % STATES, PAYLOAD);
      result.run(id, PAYLOAD);
    }
    commit.run();
  }
  return { rate: (done / (performance.now() - start)) * 1_000, cpuUs: cpu() / done };
}
