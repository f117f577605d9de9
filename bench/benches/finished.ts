import type { Finishing, Look } from "../children/finished.ts";
import type { Bench, Figure } from "../measure/bench.ts";
import { runChild } from "../measure/child-process.ts";

/** Readings of the file while flows run. */
const LOOKS = 5;

/**
 * Flows that end and are forgotten soon after: the file must not grow with them. Reads its size,
 * with the log, and the share of used pages after each fifth of the flows, and again after a rest,
 * when the store is closed.
 */
export const finished: Bench = {
  name: "finished",
  rounds: 1,
  async measure(engine, _, { finished: flows }) {
    if (engine !== "sqlite") return [];
    const looks = await runChild<readonly Look[]>(
      new URL("../children/finished.ts", import.meta.url),
      {
        flows,
        looks: LOOKS,
      } satisfies Finishing,
    );
    const figures = looks.flatMap((look, at) =>
      figuresOf(look, at < LOOKS ? `${((at + 1) * 100) / LOOKS}` : "rest"),
    );
    return [{ name: "finished-flows", value: flows, unit: "flows", of: "" }, ...figures];
  },
};

function figuresOf({ bytes, pages, states }: Look, when: string): readonly Figure[] {
  return [
    {
      name: `finished-file-${when}`,
      value: bytes / 1_024,
      unit: "KiB",
      of: `finished-file-${100 / LOOKS}`,
    },
    {
      name: `finished-live-${when}`,
      value: (pages.total - pages.free) / pages.total,
      unit: "pages/page",
      of: "",
    },
    { name: `finished-states-${when}`, value: states, unit: "rows", of: "finished-flows" },
  ];
}
