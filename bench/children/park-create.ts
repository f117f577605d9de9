/** Parks flows in a store, and measures how fast, and what the process holds for each. */
import { childInput, report } from "../measure/child-process.ts";
import { callEach, PAYLOAD, Tally } from "../measure/load.ts";
import { withStore } from "../measure/subject.ts";
import { growth, measureMemory, startProcessorTime } from "../measure/usage.ts";
import type { MemoryUse } from "../measure/usage.ts";
import { noop } from "../workloads/calls.ts";
import { TokenFile, waiting } from "../workloads/parked-flow.ts";

/** What is to be parked, and where. */
export interface Creation {
  readonly file: string;
  readonly tokens: string;
  /** Flows parked before anything is measured: caches that hold so much and no more are full then. */
  readonly before: number;
  readonly flows: number;
  readonly callers: number;
}

/** What that took. */
export interface Created {
  /** Until every start was acknowledged. */
  readonly acknowledgedMs: number;
  /** Until every flow was parked, durably. */
  readonly parkedMs: number;
  readonly cpuUs: number;
  /** What each flow added. */
  readonly memory: MemoryUse;
}

const { file, tokens: path, before, flows, callers } = childInput<Creation>();
const tokens = new TokenFile(path);
let tally = new Tally(before);
const park = waiting((token) => {
  tokens.add(token);
  tally.add();
});

const created = await withStore(file, [park, ...noop.functions], async (client) => {
  const create = async (count: number): Promise<number> => {
    tally = new Tally(count);
    const start = performance.now();
    await callEach(count, callers, async () => void (await client.start(park, PAYLOAD)));
    const acknowledgedMs = performance.now() - start;
    await tally.isComplete;
    // Commits keep their order: when this is answered, what the handlers did is on disk.
    await noop.call(client, 0);
    return acknowledgedMs;
  };
  await create(before);
  const memory = await measureMemory();
  const cpu = startProcessorTime();
  const start = performance.now();
  const acknowledgedMs = await create(flows);
  const [parkedMs, cpuUs] = [performance.now() - start, cpu()];
  return { acknowledgedMs, parkedMs, cpuUs, memory: growth(memory, await measureMemory(), flows) };
});
tokens.close();
report(created satisfies Created);
