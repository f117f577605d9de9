import { measureTwoCommits } from "../measure/baseline.ts";
import type { Bench, Workload } from "../measure/bench.ts";
import { WARM_UP_SHARE } from "../measure/bench.ts";
import { quantile } from "../measure/statistics.ts";
import { withSubject } from "../measure/subject.ts";

/** Measures the latency of one caller alone. */
export function latency({ name, functions, call }: Workload): Bench {
  return {
    name: `${name}-latency`,
    measure: (engine, seconds) =>
      withSubject({ engine, functions }, async ({ client }) => {
        const times: number[] = [];
        const counting = performance.now() + seconds * WARM_UP_SHARE * 1_000;
        const end = counting + seconds * 1_000;
        for (let n = 0, start = performance.now(); start < end; n++) {
          await call(client, n);
          const now = performance.now();
          if (start >= counting) times.push(now - start);
          start = now;
        }
        return [
          { name: `${name}-p50`, value: quantile(times, 0.5), unit: "ms", of: "fsync" },
          { name: `${name}-p99`, value: quantile(times, 0.99), unit: "ms", of: "fsync" },
        ];
      }),
  };
}

/**
 * Measures the time of SQLite itself for the two commits of one call: a durable call cannot be
 * faster.
 */
export const twoCommits: Bench = {
  name: "two-commits",
  async measure(engine) {
    return engine === "sqlite"
      ? [{ name: "two-commits-raw", value: measureTwoCommits(), unit: "ms", of: "fsync" }]
      : [];
  },
};
