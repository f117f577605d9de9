import { setTimeout as delay } from "node:timers/promises";
import { giveBackMemory } from "./garbage.ts";

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
