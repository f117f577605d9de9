import type { Client } from "../../src/index.ts";
import { callFor } from "./load.ts";
import type { EngineName } from "./subject.ts";
import { withSubject } from "./subject.ts";
import { startProcessorTime } from "./usage.ts";

/** Sizes of the benches that measure stored data instead of time. */
export interface Sizes {
  /** Flows that wait for a person. */
  readonly flows: number;
  /** Timers due within an hour. */
  readonly timers: number;
  /** Timers due at one instant. */
  readonly burst: number;
  /**
   * States, and parked flows, in the largest of the filled stores. Each other store is ten times
   * smaller.
   */
  readonly states: number;
  /**
   * Concurrent callers with a slow disk. Each call waits for several flushes, so full load takes
   * many callers.
   */
  readonly callers: number;
  /** Flows that run to their end while the size of the file is watched. */
  readonly finished: number;
  /** Flows in the store whose lists are read. */
  readonly listed: number;
}

/** Sizes at which all benches together take some minutes. */
export const DEFAULT_SIZES: Sizes = {
  flows: 20_000,
  timers: 20_000,
  burst: 10_000,
  states: 100_000,
  callers: 2_048,
  finished: 40_000,
  listed: 20_000,
};

/** One measurement. */
export interface Figure {
  readonly name: string;
  /** `NaN` if it could not be measured; `note` then gives the reason. */
  readonly value: number;
  readonly unit: string;
  /**
   * Name of the reference: `baseline`, `fsync`, or another figure of the same engine; empty for
   * none.
   */
  readonly of: string;
  /** Factor of the value in the ratio; default 1. A chain of three steps is four activations. */
  readonly weight?: number;
  /** The reference value, if the bench has measured it itself. */
  readonly reference?: number;
  readonly note?: string;
}

/** A benchmark. It makes new figures at each measurement, with its own engine and store. */
export interface Bench {
  readonly name: string;
  /** Number of measurements; default 5. */
  readonly rounds?: number;
  /** Measures for about this many seconds, or with these sizes. */
  measure(engine: EngineName, seconds: number, sizes: Sizes): Promise<readonly Figure[]>;
}

/** A call that callers repeat. */
export interface Workload {
  readonly name: string;
  readonly functions: readonly object[];
  /** Concurrent callers. Each waits for its result before it calls again. */
  readonly callers: number;
  /** The counted unit, and its number in one call. */
  readonly counts: { readonly one: string; readonly many: string; readonly perCall: number };
  /** Activations per unit in the ratio; default 1. */
  readonly weight?: number;
  /** Makes the `n`th call and checks its result. */
  readonly call: (client: Client, n: number) => Promise<void>;
}

/** Warm-up as a share of a measurement, because an engine's thread starts with uncompiled code. */
export const WARM_UP_SHARE = 1;

/** Measures calls per second, and bytes written and CPU time for one. */
export function throughput(workload: Workload): Bench {
  const { name, functions, callers, counts, weight = 1 } = workload;
  return {
    name,
    measure: (engine, seconds) =>
      withSubject({ engine, functions }, async ({ client, written }) => {
        const call = (n: number): Promise<void> => workload.call(client, n);
        await callFor(seconds * WARM_UP_SHARE, callers, call);
        const before = { commits: written.commits, bytes: written.bytes };
        const cpu = startProcessorTime();
        const done = await callFor(seconds, callers, call);
        const cpuUs = cpu();
        const count = done.calls * counts.perCall;
        const [commits, bytes] = [written.commits - before.commits, written.bytes - before.bytes];
        const figures: readonly Figure[] = [
          { name, value: count / done.seconds, unit: `${counts.many}/s`, of: "baseline", weight },
          {
            name: `${name}-commits`,
            value: commits / count,
            unit: `commits/${counts.one}`,
            of: "baseline-commits",
          },
          {
            name: `${name}-bytes`,
            value: bytes / count,
            unit: `bytes/${counts.one}`,
            of: "baseline-bytes",
          },
          {
            name: `${name}-cpu`,
            value: cpuUs / count,
            unit: `us/${counts.one}`,
            of: "baseline-cpu",
          },
        ];
        return figures;
      }),
  };
}
