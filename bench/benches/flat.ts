import type { Filled, Filling } from "../children/flat.ts";
import type { Bench } from "../measure/bench.ts";
import { runChild } from "../measure/child-process.ts";

const SMALLEST = 1_000;
/** Each cost is measured once on the full store and twice on an empty one. */
const SHARE = 0.5;

/**
 * The cost of a call as the store fills with states and parked flows, compared to an empty store.
 */
export const flat: Bench = {
  name: "flat",
  rounds: 1,
  async measure(engine, seconds, { states }) {
    if (engine !== "sqlite") return [];
    const filling: Filling = { sizes: sizesUpTo(states), seconds: seconds * SHARE };
    const filled = await runChild<readonly Filled[]>(
      new URL("../children/flat.ts", import.meta.url),
      filling,
    );
    return filled.flatMap(({ size, load, full, empty }) => [
      {
        name: `flat-${size}-${load}`,
        value: full.rate,
        unit: "ops/s",
        of: "flat-empty",
        reference: empty.rate,
      },
      {
        name: `flat-${size}-${load}-cpu`,
        value: full.cpuUs,
        unit: "us/op",
        of: "flat-empty",
        reference: empty.cpuUs,
      },
    ]);
  },
};

/** Returns sizes from 1,000 on, each ten times the previous one, up to the largest. */
export function sizesUpTo(largest: number): readonly number[] {
  const sizes: number[] = [];
  for (let size = SMALLEST; size < largest; size *= 10) sizes.push(size);
  return [...sizes, largest];
}
