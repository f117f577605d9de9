/**
 * Measures one benchmark on one engine, in its own process: code that has run on one store is
 * slower on another, because it is compiled for both.
 */
import { BENCHES } from "./benches/all-benches.ts";
import { childInput, report } from "./measure/child-process.ts";
import type { Sizes } from "./measure/bench.ts";
import type { EngineName } from "./measure/subject.ts";

/** The benchmark and engine to measure. */
export interface Measurement {
  readonly bench: string;
  readonly engine: EngineName;
  readonly seconds: number;
  readonly sizes: Sizes;
}

const { bench: wanted, engine, seconds, sizes } = childInput<Measurement>();
const bench = BENCHES.find(({ name }) => name === wanted);
report((await bench?.measure(engine, seconds, sizes)) ?? []);
