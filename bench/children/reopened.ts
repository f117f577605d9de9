import { runChild } from "../measure/child-process.ts";
import { median } from "../measure/statistics.ts";
import type { MemoryUse } from "../measure/usage.ts";

/** The cost of opening a store. */
export interface Reopened {
  /** Time until an unrelated call was answered. */
  readonly ms: number;
  /** Delayed messages that were read because they are due soon. */
  readonly held: number;
  /** Memory of the process with the store open. */
  readonly memory: MemoryUse;
}

/** Two equal processes differ by a few MiB. */
const TIMES = 3;

/** Opens a store in several new processes. Returns the medians. */
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
