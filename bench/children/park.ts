/**
 * Parks flows in a store, or answers for the people that they wait for. Each step runs in its own
 * process.
 */
import type { Client } from "../../src/index.ts";
import { childInput, report } from "../measure/child-process.ts";
import { callEach, expectResult, PAYLOAD, Tally } from "../measure/load.ts";
import { withStore } from "../measure/subject.ts";
import { growth, measureMemory, startProcessorTime } from "../measure/usage.ts";
import type { MemoryUse } from "../measure/usage.ts";
import { ANSWER, flowOf, noop, readTokens, TokenFile, waiting } from "../measure/workloads.ts";

/** The flows to park or to complete, and the store. */
export interface Parking {
  readonly step: "create" | "complete";
  readonly file: string;
  /** The file of the flows' tokens: `create` writes it, `complete` reads it. */
  readonly tokens: string;
  /** Flows parked or completed before the measurement, to fill bounded caches. */
  readonly before: number;
  readonly flows: number;
  readonly callers: number;
}

/** The result of `create`. */
export interface Created {
  /** Time until every start was acknowledged. */
  readonly acknowledgedMs: number;
  /** Time until every flow was parked, durably. */
  readonly parkedMs: number;
  readonly cpuUs: number;
  /** Memory added by each flow. */
  readonly memory: MemoryUse;
}

/** The result of `complete`. */
export interface Completed {
  readonly ms: number;
  readonly cpuUs: number;
}

const parking = childInput<Parking>();
report(parking.step === "create" ? await createFlows(parking) : await completeFlows(parking));

async function createFlows({ file, before, flows, callers, ...to }: Parking): Promise<Created> {
  const tokens = new TokenFile(to.tokens);
  let tally = new Tally(before);
  const park = waiting((token) => {
    tokens.add(token);
    tally.add();
  });
  const create = async (client: Client, count: number): Promise<number> => {
    tally = new Tally(count);
    const start = performance.now();
    await callEach(count, callers, async () => void (await client.start(park, PAYLOAD)));
    const acknowledgedMs = performance.now() - start;
    await tally.isComplete;
    // Commits keep their order: this answer means that the handlers' effects are on disk.
    await noop.call(client, 0);
    return acknowledgedMs;
  };
  const created = await withStore(file, [park, ...noop.functions], async (client) => {
    await create(client, before);
    const memory = await measureMemory();
    const cpu = startProcessorTime();
    const start = performance.now();
    const acknowledgedMs = await create(client, flows);
    const [parkedMs, cpuUs] = [performance.now() - start, cpu()];
    const grown = growth(memory, await measureMemory(), flows);
    return { acknowledgedMs, parkedMs, cpuUs, memory: grown };
  });
  tokens.close();
  return created;
}

async function completeFlows({
  file,
  before,
  flows,
  callers,
  ...from
}: Parking): Promise<Completed> {
  const tokens = readTokens(from.tokens);
  const park = waiting(() => {
    throw new Error("a flow that had been parked was run again");
  });
  return withStore(file, [park, ...noop.functions], async (client) => {
    const complete = (count: number): Promise<void> =>
      callEach(count, callers, async () => {
        const token = tokens.next().value;
        if (token === undefined) throw new Error("there are fewer tokens than flows");
        await client.settle(token, ANSWER);
        expectResult("park", await client.flow(flowOf(token)).result(), ANSWER);
      });
    await complete(before);
    const cpu = startProcessorTime();
    const start = performance.now();
    await complete(flows);
    return { ms: performance.now() - start, cpuUs: cpu() };
  });
}
