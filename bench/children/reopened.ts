import { runChild } from "../measure/child-process.ts";
import { median } from "../measure/statistics.ts";
import type { MemoryUse } from "../measure/usage.ts";

/** What it took to open a store. */
export interface Reopened {
  /** Until something that has nothing to do with what the store holds was answered. */
  readonly ms: number;
  /** Delayed messages that were read: those which are held because they are due soon. */
  readonly held: number;
  /** What the process holds with the store open. */
  readonly memory: MemoryUse;
}

/** What two processes that do the same hold differs by some MiB. */
const TIMES = 3;

/** Opens a store in a new process, some times; gives the medians. */
export async function reopen(file: string): Promise<Reopened> {
  const times: Reopened[] = [];
  for (let n = 0; n < TIMES; n++)
    times.push(await runChild<Reopened>(new URL("./reopen.ts", import.meta.url), { file }));
  const middle = (of: (reopened: Reopened) => number): number => median(times.map(of));
  return {
    ms: middle(({ ms }) => ms),
    held: middle(({ held }) => held),
    memory: { rss: middle(({ memory }) => memory.rss), heap: middle(({ memory }) => memory.heap) },
  };
}
