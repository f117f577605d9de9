import { expect, test } from "vitest";
import { courseOf, whatGrew } from "../../battery/soak/flatness.ts";
import { runLongWork } from "../../battery/soak/long-work.ts";
import type { Sample } from "../../battery/soak/sample.ts";
import { toSoakTable } from "../../battery/soak/soak-table.ts";
import { Tally } from "../../battery/trial/tally.ts";
import { temporaryDirectory } from "../stores/support/temporary-directory.ts";

const MIB = 2 ** 20;
const BASE: Sample = {
  atMs: 1_000,
  operations: 500,
  heap: 20 * MIB,
  otherHeaps: 10 * MIB,
  resident: 150 * MIB,
  descriptors: 30,
  handles: 3,
  threads: 8,
  file: 12 * MIB,
  log: 20 * MIB,
};

/** Returns the measures that grew in samples with these changes. */
function grew(...changes: readonly Partial<Sample>[]): readonly string[] {
  return whatGrew([BASE, ...changes.map((change) => ({ ...BASE, ...change }))]).map(
    ({ name }) => name,
  );
}

test("a measure that stays within its bounds is flat, and may decrease", () => {
  expect(
    grew(
      { heap: 28 * MIB, descriptors: 32, handles: 7, file: 20 * MIB, log: 72 * MIB },
      { heap: 10 * MIB, threads: 6, file: 0, log: 0 },
    ),
  ).toEqual([]);
  expect(whatGrew([])).toEqual([]);
});

test.each<[keyof Sample, number]>([
  ["heap", 28 * MIB + 1],
  ["descriptors", 33],
  ["handles", 8],
  ["threads", 9],
  ["file", 20 * MIB + 1],
  ["log", 72 * MIB + 1],
])("%s that exceeded its bound is reported, even if only once", (name, value) => {
  expect(grew({ [name]: value }, {})).toEqual([name]);
});

test("a large file may grow by half", () => {
  const [large, larger, tooLarge] = [100, 149, 151].map((mib) => ({ ...BASE, file: mib * MIB }));
  if (large === undefined || larger === undefined || tooLarge === undefined)
    throw new Error("three samples were made");
  expect(whatGrew([large, larger])).toEqual([]);
  expect(whatGrew([large, tooLarge])).toMatchObject([{ name: "file" }]);
});

test("a measure that this Node lacks is left out of the table", () => {
  const { otherHeaps: _, ...lacking } = BASE;
  expect(toSoakTable([BASE, BASE])).toContain("heaps of threads");
  expect(toSoakTable([lacking, lacking])).not.toContain("heaps of threads");
  expect(toSoakTable([lacking, lacking])).toContain("memory of the process");
});

test("the memory of the process is shown, but has no bound", () => {
  expect(grew({ resident: 900 * MIB, otherHeaps: 90 * MIB })).toEqual([]);
  const resident = [150, 900, 20].map((mib) => ({ ...BASE, resident: mib }));
  expect(courseOf("resident", resident)).toEqual({ first: 150, last: 20, least: 20, most: 900 });
});

test("a process that uses all features leaves nothing behind in a short run", async () => {
  const tally = new Tally();
  const extent = { ms: 1_600, warmUpMs: 800, everyMs: 800, rate: 300 };
  await runLongWork({ seed: 3, folder: temporaryDirectory(), until: 0, tally }, extent);
  expect(tally.failures).toEqual([]);
  expect(tally.count("soakOperations")).toBeGreaterThan(100);
  expect(tally.notes.join()).toContain("heap after GC");
});
