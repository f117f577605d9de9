/** Runs a load on SQLite, and measures the delay of the event loop meanwhile. */
import type { Workload } from "../measure/bench.ts";
import { childInput, report } from "../measure/child-process.ts";
import { callFor } from "../measure/load.ts";
import { quantile } from "../measure/statistics.ts";
import { withSubject } from "../measure/subject.ts";
import { LoopDelay } from "../measure/usage.ts";
import { fanOutOf, noop } from "../measure/workloads.ts";

/** The loads. */
const LOADS = { noop, fan1000: fanOutOf(1_000, 4) } satisfies Record<string, Workload>;

/** Name of a load. */
export type LoadName = keyof typeof LOADS;

/** The load to run. */
export interface Load {
  readonly load: LoadName;
  /** Concurrent callers; default: those of the bench of this name. */
  readonly callers?: number;
  readonly seconds: number;
}

/** The result. */
export interface Loaded {
  /** Calls per second. */
  readonly rate: number;
  /** Delays of the event loop, in ms. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Share of the time for the warm-up. */
const BEFORE = 0.5;

const { load, callers, seconds } = childInput<Load>();
const workload: Workload = LOADS[load];
const loaded = await withSubject(
  { engine: "sqlite", functions: workload.functions },
  async ({ client }) => {
    const run = (seconds: number) =>
      callFor(seconds, callers ?? workload.callers, (n) => workload.call(client, n));
    await run(seconds * BEFORE);
    const delay = new LoopDelay();
    const done = await run(seconds);
    const delays = delay.stop();
    const rate = (done.calls * workload.counts.perCall) / done.seconds;
    return {
      rate,
      p50: quantile(delays, 0.5),
      p99: quantile(delays, 0.99),
      max: quantile(delays, 1),
    };
  },
);
report(loaded satisfies Loaded);
