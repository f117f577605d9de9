import { join } from "node:path";
import type { Ground, Trial } from "../trial/trial.ts";
import { courseOf, whatGrew } from "./flatness.ts";
import type { Orders } from "./sample.ts";
import { toSoakTable } from "./soak-table.ts";
import { soak } from "./start-soak.ts";

const OPERATIONS = "soakOperations";
const GROWTH = "soakHeapGrowth";
const MIB = 2 ** 20;

const RATE = 500;
/** Caches fill, and code is compiled. At most a quarter of the time. */
const WARM_UP_MS = 150_000;
const SAMPLES = 60;
const SHORTEST_PAUSE_MS = 3_000;
/** Time to start, to rest for the last sample, and to end. */
const MARGIN_MS = 4_000;
const SHOWN = 5;

/**
 * A mixture of all operations for a long time: finished work leaves nothing behind in memory, in
 * the process, or in the file.
 */
export const longWork: Trial = {
  name: "soak",
  about: "all operations for a long time, which leave nothing behind",
  isLong: true,
  rows: [
    { count: OPERATIONS, label: "operations of the soak" },
    { peak: GROWTH, unit: "MiB", label: "growth of the heap in it" },
  ],
  missing: () => Promise.resolve(process.platform === "linux" ? undefined : "needs /proc"),
  run: (ground) => runLongWork(ground),
};

/** Runs a process until the end, and checks that nothing grew. */
export async function runLongWork(ground: Ground, extent: Partial<Orders> = {}): Promise<void> {
  const { seed, folder, until, tally } = ground;
  const ms = Math.max(2 * SHORTEST_PAUSE_MS, until - Date.now() - MARGIN_MS);
  const warmUpMs = Math.min(WARM_UP_MS, ms / 4);
  const everyMs = Math.max(SHORTEST_PAUSE_MS, (ms - warmUpMs) / SAMPLES);
  const path = join(folder, "s.db");
  const { samples, wrongs, failure } = await soak({
    path,
    seed,
    ms,
    warmUpMs,
    everyMs,
    rate: RATE,
    ...extent,
  });
  tally.add(OPERATIONS, samples.at(-1)?.operations ?? 0);
  const { first, most } = courseOf("heap", samples);
  if (samples.length > 1) tally.reach(GROWTH, (most - first) / MIB);
  else tally.fail(`${samples.length} samples were taken, too few to compare`);
  tally.note(toSoakTable(samples));
  if (failure !== undefined)
    tally.fail(`the process at long work was to end when it was done: ${failure}`);
  for (const { name, said } of whatGrew(samples)) tally.fail(`in long work, ${name} grew: ${said}`);
  for (const wrong of wrongs.slice(0, SHOWN))
    tally.fail(`in long work, one of ${wrongs.length} operations went wrong: ${wrong}`);
}
