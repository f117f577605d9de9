import type { Completed, Created, Parking } from "../children/park.ts";
import { reopen } from "../children/reopened.ts";
import type { Reopened } from "../children/reopened.ts";
import type { Bench, Figure } from "../measure/bench.ts";
import { runChild } from "../measure/child-process.ts";
import { makeScratch } from "../measure/subject.ts";
import { growth } from "../measure/usage.ts";
import { statSync } from "node:fs";
import { join } from "node:path";

const CALLERS = 1_000;
/**
 * Flows parked before the measurement, at least, and as a share: larger runs have fuller caches.
 */
const BEFORE = 20_000;
const BEFORE_SHARE = 0.1;
/** Flows completed before that measurement. */
const COMPLETED_BEFORE = 2_000;

/**
 * Flows that each wait for a person: made, left alone, found again by another process, and
 * completed by a third.
 *
 * The memory of a flow is measured in two ways, per flow and after full collections. `park-rss` is
 * the growth of the process that made them. `park-reopen-rss` is the extra memory of a process that
 * opens their store, compared to an empty store. Both count the whole process, including caches
 * that were not full before, so use a million flows rather than a few thousand. The flows' results
 * are not awaited, and the tokens go to a file.
 */
export const park: Bench = {
  name: "park",
  rounds: 1,
  async measure(engine, _, { flows }) {
    if (engine !== "sqlite") return [];
    const scratch = makeScratch();
    try {
      const files = { file: join(scratch.path, "park.db"), tokens: join(scratch.path, "tokens") };
      const empty = await reopen(join(scratch.path, "empty.db"));
      const emptyBytes = statSync(join(scratch.path, "empty.db")).size;
      const before = Math.max(BEFORE, Math.round(flows * BEFORE_SHARE));
      const parking: Omit<Parking, "step"> = { ...files, before, flows, callers: CALLERS };
      const created = await runStep<Created>({ ...parking, step: "create" });
      const diskBytes = (statSync(files.file).size - emptyBytes) / (before + flows);
      const full = await reopen(files.file);
      const completed = await runStep<Completed>({
        ...parking,
        step: "complete",
        before: COMPLETED_BEFORE,
      });
      return figures(flows, {
        created,
        diskBytes,
        full,
        grown: growth(empty.memory, full.memory, before + flows),
        completed,
      });
    } finally {
      scratch.remove();
    }
  },
};

function runStep<Result>(parking: Parking): Promise<Result> {
  return runChild<Result>(new URL("../children/park.ts", import.meta.url), parking);
}

interface Measured {
  readonly created: Created;
  readonly diskBytes: number;
  readonly full: Reopened;
  readonly grown: Reopened["memory"];
  readonly completed: Completed;
}

function figures(
  flows: number,
  { created, diskBytes, full, grown, completed }: Measured,
): readonly Figure[] {
  const bytes = (name: string, value: number): Figure => ({
    name,
    value,
    unit: "bytes/flow",
    of: "",
  });
  const rate = (name: string, ms: number): Figure => ({
    name,
    value: (flows * 1_000) / ms,
    unit: "flows/s",
    of: "baseline",
  });
  return [
    { name: "park-flows", value: flows, unit: "flows", of: "" },
    rate("park", created.parkedMs),
    rate("park-acknowledged", created.acknowledgedMs),
    { name: "park-cpu", value: created.cpuUs / flows, unit: "us/flow", of: "baseline-cpu" },
    bytes("park-rss", created.memory.rss),
    bytes("park-heap", created.memory.heap),
    bytes("park-disk", diskBytes),
    { name: "park-reopen", value: full.ms, unit: "ms", of: "fsync" },
    bytes("park-reopen-rss", grown.rss),
    rate("park-complete", completed.ms),
    {
      name: "park-complete-cpu",
      value: completed.cpuUs / flows,
      unit: "us/flow",
      of: "baseline-cpu",
    },
  ];
}
