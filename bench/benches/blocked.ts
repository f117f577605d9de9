import { fn } from "../../src/index.ts";
import type { Bench } from "../measure/bench.ts";
import { withSubject } from "../measure/subject.ts";
import type { EngineName } from "../measure/subject.ts";

const FEW = 500;
const MANY = 5_000;

/**
 * Calls that all start at once and block twice, on a call each time. Ten times as many handlers that
 * are blocked at the same time must take at most twelve times as long.
 */
export const blocked: Bench = {
  name: "blocked",
  rounds: 3,
  async measure(engine) {
    const few = await callsPerSecond(engine, FEW);
    const many = await callsPerSecond(engine, MANY);
    const unit = "calls/s";
    return [
      { name: `blocked-${FEW}`, value: few, unit, of: "baseline" },
      { name: `blocked-${MANY}`, value: many, unit, of: `blocked-${FEW}`, reference: few },
    ];
  },
};

function callsPerSecond(engine: EngineName, calls: number): Promise<number> {
  const leaf = fn("bench/leaf", (_, n: number) => n);
  const parent = fn("bench/parent", async (ctx, n: number) => {
    const first = await ctx.get(ctx.invoke(leaf, n));
    return (await ctx.get(ctx.invoke(leaf, n + 1))) - first;
  });
  return withSubject({ engine, functions: [leaf, parent] }, async ({ client }) => {
    const startMs = performance.now();
    const started = Array.from({ length: calls }, (_, n) => client.call(parent, n));
    if ((await Promise.all(started)).some((result) => result !== 1))
      throw new Error("a blocked call got the reply of another one");
    return (calls * 1_000) / (performance.now() - startMs);
  });
}
