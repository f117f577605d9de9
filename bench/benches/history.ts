import type { EmbeddedOptions } from "../../src/index.ts";
import type { Bench, Figure } from "../measure/bench.ts";
import { WARM_UP_SHARE } from "../measure/bench.ts";
import { callFor } from "../measure/load.ts";
import type { EngineName } from "../measure/subject.ts";
import { withSubject } from "../measure/subject.ts";
import { startProcessorTime } from "../measure/usage.ts";
import { noop } from "../measure/workloads.ts";

/** Settings of the engine, from the least to the most that it keeps about flows. */
const SETTINGS = {
  "history-off": { flowIndex: false, history: false },
  "history-lifecycle": { flowIndex: true, history: { detail: "lifecycle" } },
  history: { flowIndex: true, history: true },
} as const satisfies Readonly<Record<string, Partial<EmbeddedOptions>>>;

/** Rate and CPU time of a workload. */
interface Cost {
  readonly perSecond: number;
  readonly cpuUs: number;
}

function measureNoop(
  engine: EngineName,
  seconds: number,
  options: Partial<EmbeddedOptions>,
): Promise<Cost> {
  const { functions, callers } = noop;
  return withSubject({ engine, functions, options }, async ({ client }) => {
    const call = (n: number): Promise<void> => noop.call(client, n);
    await callFor(seconds * WARM_UP_SHARE, callers, call);
    const cpu = startProcessorTime();
    const done = await callFor(seconds, callers, call);
    return { perSecond: done.calls / done.seconds, cpuUs: cpu() / done.calls };
  });
}

/**
 * Measures flows that do nothing with the flow index and the history on, beside the same flows
 * without both.
 */
export const history: Bench = {
  name: "history",
  async measure(engine, seconds) {
    const figures: Figure[] = [];
    let off: Cost | undefined;
    for (const [name, options] of Object.entries(SETTINGS)) {
      const cost = await measureNoop(engine, seconds, options);
      off ??= cost;
      const of = "history-off";
      figures.push(
        { name, value: cost.perSecond, unit: "ops/s", of, reference: off.perSecond },
        {
          name: `${name}-cpu`,
          value: cost.cpuUs,
          unit: "us/op",
          of: `${of}-cpu`,
          reference: off.cpuUs,
        },
      );
    }
    return figures;
  },
};
