import { PAYLOAD } from "./load.ts";
import { quantile } from "./statistics.ts";
import { makeScratch } from "./subject.ts";
import { startProcessorTime } from "./usage.ts";
import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** Operations that share two commits. */
const BATCH = 256;
/** Rows of state that the operations use in turn. */
const STATES = 1_000;

/** Operations done one by one. The log exists, and is overwritten, in the second half. */
const ALONE = 2_000;

/** Commits per operation of the baseline. */
export const BASELINE_COMMITS = 2 / BATCH;

/** Bytes of payload in the rows of one operation of the baseline. */
export const BASELINE_BYTES = 3 * PAYLOAD.length;

/** The speed of SQLite itself. */
export interface Baseline {
  /** Operations per second. */
  readonly rate: number;
  /** CPU time of one, in µs. */
  readonly cpuUs: number;
}

/**
 * Measures SQLite itself, with the minimum of writes of any durable engine.
 *
 * WAL, synchronous=FULL, batches of 256, two transactions each: one inserts an inbox row for every
 * operation; the other deletes it, upserts a row of state and inserts a result row. Payloads have
 * 200 bytes.
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

/**
 * Measures the time of the two transactions for one operation alone, in ms: the minimum for a
 * durable call.
 */
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

/** Runs operations numbered from `first` in two transactions. */
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

const PAGE = 4_096;
const PAGES = 256;

/** The time of one durable write on this disk, in ms. */
export interface Disk {
  readonly p50: number;
  readonly p99: number;
}

/**
 * Measures a write of one page and its fsync. Existing pages are overwritten, which is the cheapest
 * case: appending also changes the file's size. Figures in units of it therefore look worse rather
 * than better.
 */
export function measureDisk(): Disk {
  const scratch = makeScratch();
  const file = openSync(join(scratch.path, "page"), "w");
  try {
    const page = new Uint8Array(PAGE).fill(1);
    writeSync(file, new Uint8Array(PAGE * PAGES));
    fsyncSync(file);
    const times = Array.from({ length: PAGES }, (_, place) => {
      const start = performance.now();
      writeSync(file, page, 0, PAGE, place * PAGE);
      fsyncSync(file);
      return performance.now() - start;
    });
    return { p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
  } finally {
    closeSync(file);
    scratch.remove();
  }
}
