import { readFileSync } from "node:fs";

const [USER, SYSTEM, TICK_MS] = [11, 12, 10];
const KIB = 1_024;

/** Processor time of a process so far, in ms. Linux counts in 10 ms. */
export function processorMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[USER]) + Number(fields[SYSTEM])) * TICK_MS;
}

/** Memory of a process that is its own and resident, in bytes. */
export function memoryOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * KIB;
}
