import { readdirSync, statSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { Worker } from "node:worker_threads";
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
  const heaps = await otherHeaps();
  return {
    heap: heapUsed,
    ...(heaps !== undefined && { otherHeaps: heaps }),
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

/** Returns `undefined` where Node cannot measure the heaps of threads. */
async function otherHeaps(): Promise<number | undefined> {
  if (!("getHeapStatistics" in Worker.prototype)) return undefined;
  const heaps = await Promise.all([...threads].map((thread) => thread.getHeapStatistics()));
  return heaps.reduce((sum, { used_heap_size: used }) => sum + used, 0);
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
