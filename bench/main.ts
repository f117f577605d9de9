/**
 * Measures this engine beside SQLite itself, in the same run: `npm run bench -- [--json] [--only
 * a,b] [--seconds N] [sizes]`. Times are not asserted; results are checked.
 */
import {
  BASELINE_BYTES,
  BASELINE_COMMITS,
  measureBaseline,
  measureDisk,
} from "./measure/baseline.ts";
import { BENCHES } from "./benches/all-benches.ts";
import { runChild } from "./measure/child-process.ts";
import type { Bench, Figure } from "./measure/bench.ts";
import { collectGarbage } from "./measure/usage.ts";
import type { Measurement } from "./measured.ts";
import { readOptions } from "./options.ts";
import type { Options } from "./options.ts";
import { Rows, formatTables } from "./report.ts";
import type { EngineName } from "./measure/subject.ts";

const ENGINES: readonly EngineName[] = ["sqlite", "memory"];
const ROUNDS = 5;
/** The baseline is steady, so a part of the time is enough. */
const BASELINE_SHARE = 0.3;

const options = readArguments();
if (options !== undefined) {
  const rows = (await measureAll(options)).rows();
  console.log(
    options.json ? rows.map((row) => JSON.stringify(row)).join("\n") : formatTables(rows),
  );
}

function readArguments(): Options | undefined {
  try {
    return readOptions(
      process.argv.slice(2),
      BENCHES.map(({ name }) => name),
    );
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 2;
    return undefined;
  }
}

/**
 * Every round measures every bench, each with its own baseline just before, so that disturbances
 * affect both.
 */
async function measureAll(options: Options): Promise<Rows> {
  const benches = BENCHES.filter(({ name }) => options.only.includes(name));
  const rows = new Rows();
  rows.add(
    "raw",
    {
      name: "baseline-commits",
      value: BASELINE_COMMITS,
      unit: "commits/op",
      of: "baseline-commits",
    },
    BASELINE_COMMITS,
  );
  rows.add(
    "raw",
    { name: "baseline-bytes", value: BASELINE_BYTES, unit: "bytes/op", of: "baseline-bytes" },
    BASELINE_BYTES,
  );
  for (let round = 1; round <= ROUNDS; round++) {
    if (process.stderr.isTTY) process.stderr.write(`\rround ${round} of ${ROUNDS} `);
    const due = benches.filter(({ rounds = ROUNDS }) => round <= rounds);
    await measureRound(due, options, rows);
  }
  if (process.stderr.isTTY) process.stderr.write("\n");
  return rows;
}

async function measureRound(
  benches: readonly Bench[],
  { seconds, sizes }: Pick<Options, "seconds" | "sizes">,
  rows: Rows,
): Promise<void> {
  for (const bench of benches) {
    const references = measureReferences(seconds * BASELINE_SHARE, rows);
    for (const engine of ENGINES) {
      for (const figure of await measure(bench, engine, { seconds, sizes }))
        rows.add(engine, figure, references.get(figure.of));
    }
  }
}

/** A figure as a process reports it: JSON has no `NaN`. */
type Reported = Omit<Figure, "value"> & { readonly value: number | null };

/** A bench that fails is reported, and the others continue. */
async function measure(
  bench: Bench,
  engine: EngineName,
  { seconds, sizes }: Pick<Options, "seconds" | "sizes">,
): Promise<readonly Figure[]> {
  try {
    const measurement: Measurement = { bench: bench.name, engine, seconds, sizes };
    const figures = await runChild<readonly Reported[]>(
      new URL("./measured.ts", import.meta.url),
      measurement,
    );
    return figures.map((figure) => ({ ...figure, value: figure.value ?? Number.NaN }));
  } catch (error) {
    console.error(error);
    process.exitCode = 1;
    const note = error instanceof Error ? error.message : String(error);
    return [{ name: `${bench.name}-failure`, value: Number.NaN, unit: "", of: "", note }];
  }
}

function measureReferences(seconds: number, rows: Rows): ReadonlyMap<string, number> {
  collectGarbage();
  const baseline = measureBaseline(seconds);
  const { p50, p99 } = measureDisk();
  rows.add(
    "raw",
    { name: "baseline", value: baseline.rate, unit: "ops/s", of: "baseline" },
    baseline.rate,
  );
  rows.add(
    "raw",
    { name: "baseline-cpu", value: baseline.cpuUs, unit: "us/op", of: "baseline-cpu" },
    baseline.cpuUs,
  );
  rows.add("raw", { name: "fsync", value: p50, unit: "ms", of: "fsync" }, p50);
  rows.add("raw", { name: "fsync-p99", value: p99, unit: "ms", of: "fsync" }, p50);
  return new Map([
    ["baseline", baseline.rate],
    ["baseline-cpu", baseline.cpuUs],
    ["fsync", p50],
  ]);
}
