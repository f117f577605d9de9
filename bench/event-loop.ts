import { runChild } from "./child-process.ts";
import type { LoadName, Load, Loaded } from "./event-loop/under-load.ts";
import type { Bench } from "./figure.ts";

const LOADS: readonly LoadName[] = ["noop", "fan1000"];

/** How long others in the process wait for the event loop while it is under full load. */
export const eventLoop: Bench = {
  name: "event-loop",
  rounds: 3,
  async measure(engine, seconds) {
    if (engine !== "sqlite") return [];
    const figures = [];
    for (const load of LOADS) {
      const { p50, p99, max } = await runChild<Loaded>(
        new URL("./event-loop/under-load.ts", import.meta.url),
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
