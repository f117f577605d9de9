import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { PAYLOAD } from "./payload.ts";
import { startProcessorTime } from "./processor-time.ts";
import { makeScratch } from "./scratch.ts";
import { quantile } from "./statistics.ts";

/** Operations that share their two commits. */
const BATCH = 256;
/** Rows of state that the operations take turns on. */
const STATES = 1_000;

/** Operations that are done one by one; the log is there, and written over, for the second half of them. */
const ALONE = 2_000;

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
  return withDatabase((run) => {
    const cpu = startProcessorTime();
    const start = performance.now();
    let done = 0;
    for (; performance.now() - start < seconds * 1_000; done += BATCH) run(done, BATCH);
    return { rate: (done / (performance.now() - start)) * 1_000, cpuUs: cpu() / done };
  });
}

/** Measures how long the two transactions take for one operation alone, in ms: the least that a durable call takes. */
export function measureTwoCommits(): number {
  return withDatabase((run) => {
    const times = Array.from({ length: ALONE }, (_, id) => {
      const start = performance.now();
      run(id, 1);
      return performance.now() - start;
    });
    return quantile(times.slice(ALONE / 2), 0.5);
  });
}

/** Gives a function that does so many operations, numbered from `first`, in two transactions. */
function withDatabase<Result>(
  measure: (run: (first: number, count: number) => void) => Result,
): Result {
  const scratch = makeScratch();
  const database = new DatabaseSync(join(scratch.path, "raw.db"));
  try {
    database.exec(`
      PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
      CREATE TABLE inbox (id INTEGER PRIMARY KEY, payload TEXT NOT NULL) STRICT;
      CREATE TABLE state (id INTEGER PRIMARY KEY, value TEXT NOT NULL) STRICT;
      CREATE TABLE result (id INTEGER PRIMARY KEY, payload TEXT NOT NULL) STRICT;
    `);
    return measure(operations(database));
  } finally {
    database.close();
    scratch.remove();
  }
}

function operations(database: DatabaseSync): (first: number, count: number) => void {
  const begin = database.prepare("BEGIN IMMEDIATE");
  const commit = database.prepare("COMMIT");
  const receive = database.prepare("INSERT INTO inbox (id, payload) VALUES (?, ?)");
  const consume = database.prepare("DELETE FROM inbox WHERE id = ?");
  const upsert = database.prepare("INSERT OR REPLACE INTO state (id, value) VALUES (?, ?)");
  const result = database.prepare("INSERT INTO result (id, payload) VALUES (?, ?)");
  return (first, count) => {
    begin.run();
    for (let id = first; id < first + count; id++) receive.run(id, PAYLOAD);
    commit.run();
    begin.run();
    for (let id = first; id < first + count; id++) {
      consume.run(id);
      upsert.run(id % STATES, PAYLOAD);
      result.run(id, PAYLOAD);
    }
    commit.run();
  };
}
