import { fn, stateful, value } from "../../src/index.ts";
import { simulate } from "../../src/testing/simulation/run/simulate.ts";
import type { Bench } from "../measure/bench.ts";
import { expectResult } from "../measure/load.ts";

const counter = stateful("bench/simulated", {
  state: { count: value(0) },
  handlers: { add: (ctx, n: number) => (ctx.state.count += n) },
});
const spread = fn("bench/spread", (ctx, width: number) =>
  ctx.all(Array.from({ length: width }, (_, at) => ctx.invoke(counter.add, 1, { id: `${at}` }))),
);
const FAULTS = { crash: 0.1, redeliver: 0.1, reorder: true, slowCommit: true };
const WIDTH = 4;

/**
 * Simulated runs of a flow of five handlers. Each run has its own seed, all faults, and a new
 * engine after each crash.
 */
export const simulation: Bench = {
  name: "simulation",
  async measure(engine, seconds) {
    // A simulation has its own store in memory.
    if (engine !== "memory") return [];
    const startedAt = performance.now();
    const untilMs = startedAt + seconds * 1_000;
    let runs = 0;
    for (; performance.now() < untilMs; runs++) {
      const run = await simulate(
        { functions: [counter, spread], seed: runs, faults: FAULTS },
        (t) => t.client.call(spread, WIDTH),
      );
      expectResult("simulation", run.result.join(), "1,1,1,1");
    }
    const value = (runs * 1_000) / (performance.now() - startedAt);
    return [{ name: "simulation", value, unit: "runs/s", of: "baseline" }];
  },
};
