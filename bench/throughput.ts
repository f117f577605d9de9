import type { Client } from "../src/index.ts";
import type { Bench, Figure } from "./figure.ts";
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

/** Measures how many calls are done in a second, and what is written for one. */
export function throughput(workload: Workload): Bench {
  const { name, functions, callers, counts, weight = 1 } = workload;
  return {
    name,
    measure: (engine, seconds) =>
      withSubject({ engine, functions }, async ({ client, written }) => {
        const start = performance.now();
        let calls = 0;
        const call = async (caller: number): Promise<void> => {
          for (let n = caller; ; n += callers) {
            await workload.call(client, n);
            calls++;
            if (performance.now() - start >= seconds * 1_000) return;
          }
        };
        await Promise.all(Array.from({ length: callers }, (_, caller) => call(caller)));
        const elapsed = (performance.now() - start) / 1_000;
        const count = calls * counts.perCall;
        const { commits, bytes } = written;
        const figures: readonly Figure[] = [
          { name, value: count / elapsed, unit: `${counts.many}/s`, of: "baseline", weight },
          { name: `${name}-commits`, value: commits / count, unit: `commits/${counts.one}`, of: "baseline-commits" },
          { name: `${name}-bytes`, value: bytes / count, unit: `bytes/${counts.one}`, of: "baseline-bytes" },
        ];
        return figures;
      }),
  };
}
