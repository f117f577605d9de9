import { setTimeout } from "node:timers/promises";
import { fn } from "../../../../src/index.ts";

/** Time for which a harmless handler works, in ms, so that crashes interrupt it. */
const WORK_MS = 20;

/** Makes a function whose handler calls `crash`, and a harmless one. */
export function deadlyFunctions(crash: () => void) {
  const deadly = fn("deadly/deadly", async (_, name: string) => {
    crash();
    // A signal takes a moment.
    await setTimeout(WORK_MS);
    return `${name} survived`;
  });
  const harmless = fn("deadly/harmless", async (_, n: number) => {
    await setTimeout(WORK_MS);
    return n;
  });
  return { deadly, harmless };
}
