import { missingStrace, slowed } from "../../battery/disk/strace.ts";
import type { LoadName, Load, Loaded } from "../children/event-loop.ts";
import type { Bench, Figure } from "../measure/bench.ts";
import { runChild } from "../measure/child-process.ts";

const LOADS: readonly LoadName[] = ["noop", "fan1000"];

/** The delay of other work in the process while the event loop is under full load. */
export const eventLoop: Bench = {
  name: "event-loop",
  rounds: 3,
  async measure(engine, seconds) {
    if (engine !== "sqlite") return [];
    const figures = [];
    for (const load of LOADS) {
      const { p50, p99, max } = await runChild<Loaded>(
        new URL("../children/event-loop.ts", import.meta.url),
        {
          load,
          seconds,
        } satisfies Load,
      );
      for (const [name, value] of Object.entries({ p50, p99, max }))
        figures.push({ name: `event-loop-${load}-${name}`, value, unit: "ms", of: "fsync" });
    }
    return figures;
  },
};

/** Extra time of each flush, in ms. */
const FLUSH_MS = 20;

/**
 * Calls of an empty function on a disk whose flushes take 20 ms longer, compared to the same disk
 * without the delay.
 */
export const slowDisk: Bench = {
  name: "slow-disk",
  rounds: 3,
  async measure(engine, seconds, { callers }) {
    if (engine !== "sqlite") return [];
    const lack = missingStrace();
    if (lack !== undefined)
      return [
        {
          name: "slow-disk",
          value: Number.NaN,
          unit: "ops/s",
          of: "slow-disk-without",
          note: lack,
        },
      ];
    const load: Load = { load: "noop", callers, seconds };
    // Both run under strace, so that its cost is not part of the difference.
    const [without, slow] = [await runSlowed(load, 0), await runSlowed(load, FLUSH_MS)];
    const delays: readonly Figure[] = (["p50", "p99", "max"] as const).map((name) => ({
      name: `slow-disk-loop-${name}`,
      value: slow[name],
      unit: "ms",
      of: "fsync",
    }));
    return [
      { name: "slow-disk-callers", value: callers, unit: "callers", of: "" },
      { name: "slow-disk-without", value: without.rate, unit: "ops/s", of: "baseline" },
      {
        name: "slow-disk",
        value: slow.rate,
        unit: "ops/s",
        of: "slow-disk-without",
        reference: without.rate,
      },
      ...delays,
    ];
  },
};

function runSlowed(load: Load, delayMs: number): Promise<Loaded> {
  return runChild<Loaded>(new URL("../children/event-loop.ts", import.meta.url), load, {
    under: slowed(delayMs),
  });
}
