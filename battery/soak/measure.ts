import { readdirSync, statSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import type { Sample } from "./sample.ts";

const threads = new Set<Worker>();
process.on("worker", (thread) => {
  threads.add(thread);
  thread.once("exit", () => threads.delete(thread));
});

/** Measures the resources of this process after garbage collection. */
export async function measure(store: string): Promise<Omit<Sample, "atMs" | "operations">> {
  // Lets go of promises awaited a moment ago.
  await setImmediate();
  collectGarbage();
  await setImmediate();
  collectGarbage();
  const { heapUsed, rss } = process.memoryUsage();
  return {
    heap: heapUsed,
    otherHeaps: await otherHeaps(),
    resident: rss,
    // Without the descriptor that reads them.
    descriptors: readdirSync("/proc/self/fd").length - 1,
    handles: process.getActiveResourcesInfo().length,
    threads: readdirSync("/proc/self/task").length,
    file: sizeOf(store),
    log: sizeOf(`${store}-wal`),
  };
}

function collectGarbage(): void {
  if (globalThis.gc === undefined) throw new Error("Start it with --expose-gc");
  globalThis.gc();
}

async function otherHeaps(): Promise<number> {
  const heaps = await Promise.all([...threads].map((thread) => thread.getHeapStatistics()));
  return heaps.reduce((sum, { used_heap_size: used }) => sum + used, 0);
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
