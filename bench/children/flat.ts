/**
 * Fills a store with states and parked flows, and compares the cost of calls with stores that were
 * empty.
 */
import type { Client } from "../../src/index.ts";
import type { Workload } from "../measure/bench.ts";
import { childInput, report } from "../measure/child-process.ts";
import { callEach, callFor, PAYLOAD, Tally } from "../measure/load.ts";
import { withStore, makeScratch } from "../measure/subject.ts";
import { startProcessorTime } from "../measure/usage.ts";
import { counterOf, noop, waiting } from "../measure/workloads.ts";
import { join } from "node:path";

/** The size to reach: states, and as many parked flows. */
export interface Filling {
  /** Sizes at which to measure, ascending. */
  readonly sizes: readonly number[];
  /** Duration of one measurement. */
  readonly seconds: number;
}

/** The cost of one call. */
export interface Cost {
  readonly rate: number;
  readonly cpuUs: number;
}

/**
 * The cost of calls with this many states and parked flows in the store, and in an empty one before
 * and after.
 */
export interface Filled {
  readonly size: number;
  readonly load: "noop" | "counter";
  readonly full: Cost;
  readonly empty: Cost;
}

/** States that the empty store gets during its measurement. */
const FEW = 1_000;
const CALLERS = 1_000;
/** Warm-up, as a share of a measurement. */
const BEFORE_SHARE = 0.25;

const { sizes, seconds } = childInput<Filling>();
let tally = new Tally(0);
const park = waiting(() => tally.add());
const functions = [park, ...noop.functions, ...counterOf(FEW).functions];

const scratch = makeScratch();
const filled = await withStore(join(scratch.path, "full.db"), functions, measureAll);
scratch.remove();
report(filled);

async function measureAll(full: Client): Promise<readonly Filled[]> {
  const done: Filled[] = [];
  for (const workload of [noop, counterOf(FEW)]) await costOnEmpty(workload);
  let from = 0;
  for (const size of sizes) {
    await fill(full, from, size);
    from = size;
    // All states in turn, so that the result does not depend on the ones in memory.
    for (const [load, onFull, onEmpty] of [
      ["noop", noop, noop],
      ["counter", counterOf(size), counterOf(FEW)],
    ] as const) {
      const before = await costOnEmpty(onEmpty);
      const measured = await cost(full, onFull);
      const after = await costOnEmpty(onEmpty);
      done.push({
        size,
        load,
        full: measured,
        empty: { rate: mean(before.rate, after.rate), cpuUs: mean(before.cpuUs, after.cpuUs) },
      });
    }
  }
  return done;
}

/** A new store each time, because the measurement fills it. */
async function costOnEmpty(workload: Workload): Promise<Cost> {
  const scratch = makeScratch();
  try {
    return await withStore(join(scratch.path, "empty.db"), functions, (client) =>
      cost(client, workload),
    );
  } finally {
    scratch.remove();
  }
}

async function fill(client: Client, from: number, to: number): Promise<void> {
  const counter = counterOf(to);
  tally = new Tally(to - from);
  await callEach(to - from, CALLERS, async (n) => {
    await client.start(park, PAYLOAD);
    await counter.call(client, from + n);
  });
  await tally.isComplete;
}

async function cost(client: Client, { callers, call }: Workload): Promise<Cost> {
  await callFor(seconds * BEFORE_SHARE, callers, (n) => call(client, n));
  const cpu = startProcessorTime();
  const { calls, seconds: removedDelayed } = await callFor(seconds, callers, (n) =>
    call(client, n),
  );
  return { rate: calls / removedDelayed, cpuUs: cpu() / calls };
}

function mean(one: number, other: number): number {
  return (one + other) / 2;
}
