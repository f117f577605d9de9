import type { Worker } from "node:worker_threads";
import { onTestFinished } from "vitest";

/** Returns a live list of the threads that are started until the test ends. */
export function startedThreads(): readonly Worker[] {
  const threads: Worker[] = [];
  const add = (worker: Worker): void => void threads.push(worker);
  process.on("worker", add);
  onTestFinished(() => void process.off("worker", add));
  return threads;
}
