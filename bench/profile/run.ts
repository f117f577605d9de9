/** Runs one bench twice, to warm up and to be profiled, in a process that profiles all of its threads; says when it did. */
import { BENCHES } from "../benches.ts";
import { childInput, report } from "../child-process.ts";
import type { Figure } from "../figure.ts";
import { DEFAULT_SIZES } from "../sizes.ts";
import type { EngineName } from "../subject.ts";
import type { Span } from "./self-time.ts";

/** What is to be profiled. */
export interface ProfiledRun {
  readonly bench: string;
  readonly engine: EngineName;
  readonly seconds: number;
}

/** When that was, and what it gave. */
export interface Profiled {
  readonly span: Span;
  /** CPU time of all threads. */
  readonly cpuUs: number;
  readonly figures: readonly Figure[];
}

const { bench: name, engine, seconds } = childInput<ProfiledRun>();
const bench = BENCHES.find((each) => each.name === name);
if (bench === undefined) throw new Error(`there is no bench ${name}`);
await bench.measure(engine, Math.min(1, seconds), DEFAULT_SIZES);
const cpu = process.cpuUsage();
const fromUs = now();
const figures = await bench.measure(engine, seconds, DEFAULT_SIZES);
const toUs = now();
const { user, system } = process.cpuUsage(cpu);
report({ span: { fromUs, toUs }, cpuUs: user + system, figures } satisfies Profiled);

function now(): number {
  return Number(process.hrtime.bigint()) / 1_000;
}
