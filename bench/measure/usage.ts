import { closeSync, openSync, readSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/**
 * Starts to measure the CPU time of all threads of this process, user and system. The returned
 * function ends it and returns µs.
 */
export function startProcessorTime(): () => number {
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
}

let collect = globalThis.gc;

/** Collects all garbage, so that earlier work does not burden the next measurement. */
export function collectGarbage(): void {
  collector()();
}

/** Collects all garbage, and makes V8 return memory that it would keep for later. */
function giveBackMemory(): void {
  collector()({ type: "major", execution: "sync", flavor: "last-resort" });
}

function collector(): NonNullable<typeof globalThis.gc> {
  if (collect === undefined) {
    setFlagsFromString("--expose-gc");
    collect = runInNewContext("gc") as NonNullable<typeof globalThis.gc>;
  }
  return collect;
}

/** Memory of a process in bytes. */
export interface MemoryUse {
  /** All resident memory: JavaScript heaps, SQLite's pages, the mapped part of its log, code. */
  readonly rss: number;
  /** Live objects of the main thread's JavaScript heap. */
  readonly heap: number;
}

/** One collection may release objects that only the next one can collect. */
const COLLECTIONS = 3;
const BETWEEN_MS = 50;

/**
 * Measures the memory of this process after garbage collection, at rest. V8 keeps used memory for
 * some seconds; here it returns it at once.
 */
export async function measureMemory(): Promise<MemoryUse> {
  for (let n = 0; n < COLLECTIONS; n++) {
    giveBackMemory();
    await delay(BETWEEN_MS);
  }
  const { rss, heapUsed } = process.memoryUsage();
  return { rss, heap: heapUsed };
}

/** Returns the memory added by each of `count` things, in bytes. */
export function growth(before: MemoryUse, after: MemoryUse, count: number): MemoryUse {
  return { rss: (after.rss - before.rss) / count, heap: (after.heap - before.heap) / count };
}

/** Pages of a SQLite file, from its header: as of the last checkpoint of the log. */
export interface Pages {
  readonly total: number;
  /** Empty pages, which wait for reuse or truncation. */
  readonly free: number;
}

const HEADER_BYTES = 100;
const TOTAL_AT = 28;
const FREE_AT = 36;

/** Reads the header of a SQLite file without a lock, because SQLite writes it as a whole. */
export function readPages(path: string): Pages {
  const header = new Uint8Array(HEADER_BYTES);
  const file = openSync(path, "r");
  try {
    readSync(file, header);
  } finally {
    closeSync(file);
  }
  return parsePages(header);
}

/** Finds the counts of pages in the header of a SQLite file. */
export function parsePages(header: Uint8Array): Pages {
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  return { total: view.getUint32(TOTAL_AT), free: view.getUint32(FREE_AT) };
}

/** Interval of the callback, in ms. */
const EVERY_MS = 1;

/**
 * Records when a timer of one millisecond fires, repeatedly. A probe that never sleeps would be
 * finer, but would take processor time from the measured work.
 */
export class LoopDelay {
  readonly #servedAt: number[] = [performance.now()];
  #timer: NodeJS.Timeout;

  constructor() {
    this.#timer = setTimeout(() => this.#serve(), EVERY_MS);
  }

  /** Ends it. Returns the delays as {@link delaysOf} does. */
  stop(): readonly number[] {
    clearTimeout(this.#timer);
    this.#servedAt.push(performance.now());
    return delaysOf(this.#servedAt);
  }

  #serve(): void {
    this.#servedAt.push(performance.now());
    this.#timer = setTimeout(() => this.#serve(), EVERY_MS);
  }
}

/**
 * Returns the delay of a callback due at each millisecond from the first instant to the last, if
 * the loop serves callbacks at these instants. A loop that is blocked for 50 ms thus delays fifty
 * callbacks, not one.
 */
export function delaysOf(servedAt: readonly number[]): readonly number[] {
  const delays: number[] = [];
  let due = (servedAt[0] ?? 0) + EVERY_MS;
  for (const at of servedAt) for (; due <= at; due += EVERY_MS) delays.push(at - due);
  return delays;
}
