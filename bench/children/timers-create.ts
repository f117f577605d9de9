/** Makes flows sleep for up to an hour. Measures the rate, and the memory for each. */
import { childInput, report } from "../measure/child-process.ts";
import { callEach, Tally } from "../measure/load.ts";
import { withStore } from "../measure/subject.ts";
import { growth, measureMemory } from "../measure/usage.ts";
import type { MemoryUse } from "../measure/usage.ts";
import { noop, sleeper } from "../measure/workloads.ts";

/** The number of timers, and the store. */
export interface Creation {
  readonly file: string;
  /** Timers made before the measurement, to fill bounded caches. */
  readonly before: number;
  readonly timers: number;
  readonly callers: number;
}

/** The result. */
export interface Created {
  readonly ms: number;
  /** Memory added by each timer. */
  readonly memory: MemoryUse;
}

const HOUR_MS = 3_600_000;
/** A prime, so that timers are not made in the order in which they are due. */
const STRIDE = 7_919;

const { file, before, timers, callers } = childInput<Creation>();
let tally = new Tally(before);
const sleep = sleeper(() => tally.add());

const created = await withStore(file, [sleep, ...noop.functions], async (client) => {
  const create = async (count: number): Promise<void> => {
    tally = new Tally(count);
    const from = Date.now();
    const dueAt = (n: number): number =>
      from + Math.ceil((((n * STRIDE) % count) + 1) * (HOUR_MS / count));
    await callEach(count, callers, async (n) => void (await client.start(sleep, dueAt(n))));
    await tally.isComplete;
    // Commits keep their order: this answer means that the handlers' effects are on disk.
    await noop.call(client, 0);
  };
  await create(before);
  const memory = await measureMemory();
  const start = performance.now();
  await create(timers);
  const ms = performance.now() - start;
  return { ms, memory: growth(memory, await measureMemory(), timers) };
});
report(created satisfies Created);
