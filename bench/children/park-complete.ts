/** Answers for the people that parked flows wait for, and measures how fast the flows end. */
import { childInput, report } from "../measure/child-process.ts";
import { callEach, expectResult } from "../measure/load.ts";
import { withStore } from "../measure/subject.ts";
import { startProcessorTime } from "../measure/usage.ts";
import { noop } from "../workloads/calls.ts";
import { readTokens, ANSWER, flowOf, waiting } from "../workloads/parked-flow.ts";

/** The flows to complete. */
export interface Completion {
  readonly file: string;
  readonly tokens: string;
  /** Flows completed before the measurement. */
  readonly before: number;
  readonly flows: number;
  readonly callers: number;
}

/** The result. */
export interface Completed {
  readonly ms: number;
  readonly cpuUs: number;
}

const { file, tokens: path, before, flows, callers } = childInput<Completion>();
const tokens = readTokens(path);
const park = waiting(() => {
  throw new Error("a flow that had been parked was run again");
});

const completed = await withStore(file, [park, ...noop.functions], async (client) => {
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
report(completed satisfies Completed);
