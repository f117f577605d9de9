/**
 * Measures one benchmark on one engine, in a process of its own: what has run on one store is slower on another, for the compiler has to
 * provide for both.
 */
import { BENCHES } from "./benches/all-benches.ts";
import { childInput, report } from "./measure/child-process.ts";
import type { Sizes } from "./measure/bench.ts";
import type { EngineName } from "./measure/subject.ts";

/** What is to be measured. */
export interface Measurement {
  readonly bench: string;
  readonly engine: EngineName;
  readonly seconds: number;
  readonly sizes: Sizes;
}

const { bench: wanted, engine, seconds, sizes } = childInput<Measurement>();
const bench = BENCHES.find(({ name }) => name === wanted);
report((await bench?.measure(engine, seconds, sizes)) ?? []);
