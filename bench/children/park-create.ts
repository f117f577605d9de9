/** Parks flows in a store. Measures the rate, and the memory for each. */
import { childInput, report } from "../measure/child-process.ts";
import { callEach, PAYLOAD, Tally } from "../measure/load.ts";
import { withStore } from "../measure/subject.ts";
import { growth, measureMemory, startProcessorTime } from "../measure/usage.ts";
import type { MemoryUse } from "../measure/usage.ts";
import { noop } from "../workloads/calls.ts";
import { TokenFile, waiting } from "../workloads/parked-flow.ts";

/** The flows to park, and the store. */
export interface Creation {
  readonly file: string;
  readonly tokens: string;
  /** Flows parked before the measurement, to fill bounded caches. */
  readonly before: number;
  readonly flows: number;
  readonly callers: number;
}

/** The result. */
export interface Created {
  /** Time until every start was acknowledged. */
  readonly acknowledgedMs: number;
  /** Time until every flow was parked, durably. */
  readonly parkedMs: number;
  readonly cpuUs: number;
  /** Memory added by each flow. */
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
    // Commits keep their order: this answer means that the handlers' effects are on disk.
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
