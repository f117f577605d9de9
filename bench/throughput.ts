import type { Client } from "../src/index.ts";
import { callFor } from "./callers.ts";
import type { Bench, Figure } from "./figure.ts";
import { startProcessorTime } from "./processor-time.ts";
import { withSubject } from "./subject.ts";

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
