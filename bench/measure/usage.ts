import { setTimeout as delay } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Begins to measure the CPU time of all threads of this process, user and system; the result ends it, and gives µs. */
export function startProcessorTime(): () => number {
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
}

let collect = globalThis.gc;

/** Collects all garbage, so that what ran before is not paid for by what is measured next. */
export function collectGarbage(): void {
  collector()();
}

/** Collects all garbage, and has V8 give back the memory that it would keep for later. */
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

/** Bytes of memory that a process holds. */
export interface MemoryUse {
  /** All of it that is resident: JavaScript heaps, SQLite's pages, what is mapped of its log, code. */
  readonly rss: number;
  /** Live objects of the main thread's JavaScript heap. */
  readonly heap: number;
}

/** One collection may let go of what only the next one can collect. */
const COLLECTIONS = 3;
const BETWEEN_MS = 50;

/**
 * Measures what this process holds when all garbage is collected and nothing is under way. V8 keeps memory that it has used for some
 * seconds more; here it gives that back at once.
 */
export async function measureMemory(): Promise<MemoryUse> {
  for (let n = 0; n < COLLECTIONS; n++) {
    giveBackMemory();
    await delay(BETWEEN_MS);
  }
  const { rss, heapUsed } = process.memoryUsage();
  return { rss, heap: heapUsed };
}

/** What each of `count` things added, in bytes. */
export function growth(before: MemoryUse, after: MemoryUse, count: number): MemoryUse {
  return { rss: (after.rss - before.rss) / count, heap: (after.heap - before.heap) / count };
}
