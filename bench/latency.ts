import type { Bench } from "./figure.ts";
import { quantile } from "./statistics.ts";
import { withSubject } from "./subject.ts";
import type { Workload } from "./throughput.ts";

/** Measures how long one caller, alone, waits for its result. */
export function latency({ name, functions, call }: Workload): Bench {
  return {
    name: `${name}-latency`,
    measure: (engine, seconds) =>
      withSubject({ engine, functions }, async ({ client }) => {
        const times: number[] = [];
        const end = performance.now() + seconds * 1_000;
        for (let n = 0, start = performance.now(); start < end; n++) {
          await call(client, n);
          const now = performance.now();
          times.push(now - start);
          start = now;
        }
        return [
          { name: `${name}-p50`, value: quantile(times, 0.5), unit: "ms", of: "fsync" },
          { name: `${name}-p99`, value: quantile(times, 0.99), unit: "ms", of: "fsync" },
        ];
      }),
  };
}
