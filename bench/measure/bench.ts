import type { Client } from "../../src/index.ts";
import { callFor } from "./load.ts";
import type { EngineName } from "./subject.ts";
import { withSubject } from "./subject.ts";
import { startProcessorTime } from "./usage.ts";

/** How large the benches are that measure what is kept, and not for how long. */
export interface Sizes {
  /** Flows that wait for a person. */
  readonly flows: number;
  /** Timers due within an hour. */
  readonly timers: number;
  /** Timers due at one instant. */
  readonly burst: number;
  /** States, and parked flows, in the largest of the stores that are filled; the others are ten times smaller each. */
  readonly states: number;
  /** Callers at once with a slow disk: each call waits for some flushes, one after the other, so it takes many to keep all else busy. */
  readonly callers: number;
  /** Flows that run to their end while the size of the file is watched. */
  readonly finished: number;
}

/** Sizes at which all benches together take some minutes. */
export const DEFAULT_SIZES: Sizes = {
  flows: 20_000,
  timers: 20_000,
  burst: 10_000,
  states: 100_000,
  callers: 2_048,
  finished: 40_000,
};

/** One thing that was measured once. */
export interface Figure {
  readonly name: string;
  /** `NaN` for what could not be measured; then `note` says why. */
  readonly value: number;
  readonly unit: string;
  /** Name of what it is compared to: `baseline`, `fsync`, or another figure of the same engine; empty for nothing. */
  readonly of: string;
  /** What the value is multiplied by for the ratio; default 1. A chain of three steps is four activations. */
  readonly weight?: number;
  /** What it is compared to, when the bench has measured that itself, right beside it. */
  readonly reference?: number;
  readonly note?: string;
}

/** One benchmark: makes its figures anew each time it is measured, with an engine and a store of its own. */
export interface Bench {
  readonly name: string;
  /** How often it is measured; default 5. */
  readonly rounds?: number;
  /** Measures for about so many seconds, or with such sizes. */
  measure(engine: EngineName, seconds: number, sizes: Sizes): Promise<readonly Figure[]>;
}

/** Something that callers do, again and again. */
export interface Workload {
  readonly name: string;
  readonly functions: readonly object[];
  /** Callers at once; each waits for its result before it calls again. */
  readonly callers: number;
  /** What is counted, and how many one call makes. */
  readonly counts: { readonly one: string; readonly many: string; readonly perCall: number };
  /** Activations that one of those is worth in the ratio; default 1. */
  readonly weight?: number;
  /** Makes the `n`th call and checks its result. */
  readonly call: (client: Client, n: number) => Promise<void>;
}

/** How long every measurement is done before it counts, as a part of its length: an engine's thread begins with code that is not compiled. */
export const WARM_UP_SHARE = 1;

/** Measures how many calls are done in a second, and what is written and what CPU time is used for one. */
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
