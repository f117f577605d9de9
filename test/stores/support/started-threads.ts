import type { Worker } from "node:worker_threads";
import { onTestFinished } from "vitest";

/** Lists the threads that are started until the test ends, as they are. */
export function startedThreads(): readonly Worker[] {
  const threads: Worker[] = [];
  const note = (worker: Worker): void => void threads.push(worker);
  process.on("worker", note);
  onTestFinished(() => void process.off("worker", note));
  return threads;
}
