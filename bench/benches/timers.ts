import { reopen } from "../children/reopened.ts";
import type { Created, Creation } from "../children/timers-create.ts";
import type { Ringing, Rung } from "../children/timers-ring.ts";
import type { Bench, Figure } from "../measure/bench.ts";
import { runChild } from "../measure/child-process.ts";
import { makeScratch } from "../measure/subject.ts";
import { growth } from "../measure/usage.ts";
import { join } from "node:path";

const CALLERS = 1_000;
/** Timers made before the measurement, at least, and as a share: larger runs have fuller caches. */
const BEFORE = 20_000;
const BEFORE_SHARE = 0.1;
/** Timers that are due within one second. */
const SOON = 5_000;
const SOON_MS = 1_000;

/**
 * Timers due within an hour: the rate at which they are made, and their memory in the process that
 * made them and in one that opens the store later.
 */
export const timers: Bench = {
  name: "timers",
  rounds: 1,
  async measure(engine, _, { timers }) {
    if (engine !== "sqlite") return [];
    const scratch = makeScratch();
    try {
      const [file, empty] = [join(scratch.path, "timers.db"), join(scratch.path, "empty.db")];
      const before = Math.max(BEFORE, Math.round(timers * BEFORE_SHARE));
      const creation: Creation = { file, before, timers, callers: CALLERS };
      const created = await runChild<Created>(
        new URL("../children/timers-create.ts", import.meta.url),
        creation,
      );
      const without = await reopen(empty);
      const reopened = await reopen(file);
      const bytes = (name: string, value: number): Figure => ({
        name,
        value,
        unit: "bytes/timer",
        of: "",
      });
      return [
        { name: "timers-count", value: timers, unit: "timers", of: "" },
        { name: "timers", value: (timers * 1_000) / created.ms, unit: "timers/s", of: "baseline" },
        bytes("timers-rss", created.memory.rss),
        bytes("timers-heap", created.memory.heap),
        { name: "timers-reopen", value: reopened.ms, unit: "ms", of: "fsync" },
        bytes("timers-reopen-rss", growth(without.memory, reopened.memory, before + timers).rss),
        { name: "timers-held", value: reopened.held, unit: "timers", of: "timers-count" },
      ];
    } finally {
      scratch.remove();
    }
  },
};

/**
 * 5,000 timers due within one second: the delay of their handlers. None may be early, or fire
 * twice.
 */
export const timersSoon: Bench = {
  name: "timers-soon",
  rounds: 3,
  async measure(engine) {
    if (engine !== "sqlite") return [];
    const { p50, p99, max } = await ring({ timers: SOON, withinMs: SOON_MS, callers: CALLERS });
    return Object.entries({ p50, p99, max }).map(([name, value]) => ({
      name: `timers-soon-${name}`,
      value,
      unit: "ms",
      of: "fsync",
    }));
  },
};

/** Timers all due at one instant: the rate at which they fire. None may be early, or fire twice. */
export const timersBurst: Bench = {
  name: "timers-burst",
  rounds: 3,
  async measure(engine, _, { burst }) {
    if (engine !== "sqlite") return [];
    const { ms } = await ring({ timers: burst, withinMs: 0, callers: CALLERS });
    return [
      { name: "timers-burst-count", value: burst, unit: "timers", of: "" },
      { name: "timers-burst", value: (burst * 1_000) / ms, unit: "timers/s", of: "baseline" },
    ];
  },
};

function ring(ringing: Ringing): Promise<Rung> {
  return runChild<Rung>(new URL("../children/timers-ring.ts", import.meta.url), ringing);
}
