/**
 * Measures this engine beside what SQLite itself can do, in the same run:
 * `npm run bench -- [--json] [--only a,b] [--seconds N]`. Nothing is asserted about time; results are checked.
 */
import { BASELINE_BYTES, BASELINE_COMMITS, measureBaseline } from "./baseline.ts";
import { chain3 } from "./chain.ts";
import { checkLoop } from "./check-loop.ts";
import { counterOf } from "./counter.ts";
import { measureDisk } from "./disk.ts";
import { fanOut } from "./fan-out.ts";
import type { Bench } from "./figure.ts";
import { collectGarbage } from "./garbage.ts";
import { latency } from "./latency.ts";
import { noop } from "./noop.ts";
import { readOptions } from "./options.ts";
import type { Options } from "./options.ts";
import { Rows } from "./row.ts";
import type { EngineName } from "./subject.ts";
import { simulation } from "./simulation.ts";
import { formatTables } from "./tables.ts";
import { throughput } from "./throughput.ts";

const BENCHES: readonly Bench[] = [
  throughput(noop),
  throughput(counterOf(1_000)),
  throughput(counterOf(1)),
  throughput(chain3),
  fanOut(10, 32),
  fanOut(100, 32),
  fanOut(1_000, 4),
  fanOut(10_000, 1),
  latency(noop),
  latency(chain3),
  checkLoop,
  simulation,
];
const ENGINES: readonly EngineName[] = ["sqlite", "memory"];
const ROUNDS = 5;
/** The baseline is steady: a part of the time is enough for it, and to warm up. */
const BASELINE_SHARE = 0.3;

const options = readArguments();
if (options !== undefined) {
  const rows = (await measureAll(options)).rows();
  console.log(options.json ? rows.map((row) => JSON.stringify(row)).join("\n") : formatTables(rows));
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

/** Every round measures every bench, and each bench a baseline of its own just before: what disturbs one disturbs the other. */
async function measureAll({ only, seconds }: Options): Promise<Rows> {
  const benches = BENCHES.filter(({ name }) => only.includes(name));
  await measureRound(benches, seconds * BASELINE_SHARE, new Rows());
  const rows = new Rows();
  rows.add("raw", { name: "baseline-commits", value: BASELINE_COMMITS, unit: "commits/op", of: "baseline-commits" }, BASELINE_COMMITS);
  rows.add("raw", { name: "baseline-bytes", value: BASELINE_BYTES, unit: "bytes/op", of: "baseline-bytes" }, BASELINE_BYTES);
  for (let round = 1; round <= ROUNDS; round++) {
    if (process.stderr.isTTY) process.stderr.write(`\rround ${round} of ${ROUNDS} `);
    await measureRound(benches, seconds, rows);
  }
  if (process.stderr.isTTY) process.stderr.write("\n");
  return rows;
}

async function measureRound(benches: readonly Bench[], seconds: number, rows: Rows): Promise<void> {
  for (const bench of benches) {
    const references = measureReferences(seconds * BASELINE_SHARE, rows);
    for (const engine of ENGINES) {
      collectGarbage();
      for (const figure of await bench.measure(engine, seconds)) rows.add(engine, figure, references.get(figure.of));
    }
  }
}

function measureReferences(seconds: number, rows: Rows): ReadonlyMap<string, number> {
  collectGarbage();
  const baseline = measureBaseline(seconds);
  const { p50, p99 } = measureDisk();
  rows.add("raw", { name: "baseline", value: baseline, unit: "ops/s", of: "baseline" }, baseline);
  rows.add("raw", { name: "fsync", value: p50, unit: "ms", of: "fsync" }, p50);
  rows.add("raw", { name: "fsync-p99", value: p99, unit: "ms", of: "fsync" }, p50);
  return new Map([
    ["baseline", baseline],
    ["fsync", p50],
  ]);
}
