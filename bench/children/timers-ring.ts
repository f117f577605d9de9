/** Makes timers that become due within a short time, and measures the delay of each. */
import { fn } from "../../src/index.ts";
import { childInput, report } from "../measure/child-process.ts";
import { callEach, Tally } from "../measure/load.ts";
import { quantile } from "../measure/statistics.ts";
import { withStore, makeScratch } from "../measure/subject.ts";
import { noop } from "../measure/workloads.ts";
import { join } from "node:path";

/** Number of timers, and the period in which they are due; 0: at one instant. */
export interface Ringing {
  readonly timers: number;
  readonly withinMs: number;
  readonly callers: number;
}

/** The result. */
export interface Rung {
  /** Time from the due instant of a timer to the start of its handler. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** Time from the first due instant until the last handler's effects were on disk. */
  readonly ms: number;
}

type Alarm = { readonly n: number; readonly dueAt: number };

/** Timers fired before the measurement. */
const BEFORE = 2_000;
/** Maximum time to make those. */
const BEFORE_MS = 600;
const ATTEMPTS = 4;
/** Minimum rate of making timers per ms, until it is known better: the first ones take longer. */
const MADE_PER_MS = 10;
/** Safety factor for the expected time of making the timers. */
const MARGIN = 1.5;
const MARGIN_MS = 300;

const ringing = childInput<Ringing>();
let lateness = new Float64Array(0);
let tally = new Tally(0);
const rang = fn(
  "bench/rang",
  (_, { args: { n, dueAt } }: { readonly result: void; readonly args: Alarm }) => {
    const late = Date.now() - dueAt;
    if (late < 0) throw fail(`timer ${n} came ${-late} ms early`);
    if (!Number.isNaN(lateness[n] ?? 0)) throw fail(`timer ${n} came twice`);
    lateness[n] = late;
    tally.add();
  },
);
const alarm = fn("bench/alarm", (ctx, at: Alarm) =>
  ctx.onComplete(ctx.sleepUntil(at.dueAt), rang, at),
);

const scratch = makeScratch();
const rung = await withStore(
  join(scratch.path, "ring.db"),
  [alarm, rang, ...noop.functions],
  async (client) => {
    /**
     * Makes timers that are due from `leadMs` from now on. Returns the result, and the time to make
     * them.
     */
    const ring = async (
      { timers, withinMs, callers }: Ringing,
      leadMs: number,
    ): Promise<{ rung: Rung; madeMs: number }> => {
      [lateness, tally] = [new Float64Array(timers).fill(Number.NaN), new Tally(timers)];
      const start = Date.now();
      const from = start + Math.ceil(leadMs);
      const dueAt = (n: number): number => from + Math.floor((n * withinMs) / timers);
      await callEach(
        timers,
        callers,
        async (n) => void (await client.start(alarm, { n, dueAt: dueAt(n) })),
      );
      await noop.call(client, 0);
      const madeMs = Date.now() - start;
      await tally.isComplete;
      await noop.call(client, 0);
      const times = [...lateness];
      const [p50 = 0, p99 = 0, max = 0] = [0.5, 0.99, 1].map((share) => quantile(times, share));
      return { rung: { p50, p99, max, ms: Date.now() - from }, madeMs };
    };
    await ring({ ...ringing, timers: BEFORE }, BEFORE_MS);
    for (
      let attempt = 1, expectedMs = ringing.timers / MADE_PER_MS;
      attempt <= ATTEMPTS;
      attempt++, expectedMs *= 2
    ) {
      const leadMs = expectedMs * MARGIN + MARGIN_MS;
      const { rung, madeMs } = await ring(ringing, leadMs);
      if (madeMs < leadMs) return rung;
    }
    throw new Error("timers came due while others were still being made");
  },
);
scratch.remove();
report(rung satisfies Rung);

/** A handler's failure would only fail its flow. This one must end the process. */
function fail(message: string): Error {
  const error = new Error(message);
  setImmediate(() => {
    throw error;
  });
  return error;
}
