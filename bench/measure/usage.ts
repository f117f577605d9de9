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
