import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { SqliteOptions } from "../../../src/stores/sqlite/sqlite.ts";
import { SeededRandom } from "../../../src/testing/simulation/faults/seeded-random.ts";
import type { Trial } from "../../trial/trial.ts";
import { missingTools } from "../missing-tools.ts";
import { readNotes, startNoting } from "../notes/start-notes.ts";
import { compareSurvivors } from "../notes/survival.ts";
import { lookInto, PoweredDisk } from "./powered-disk.ts";

const RELAXED: SqliteOptions = { durability: "relaxed" };
const STORE = "store.db";
const LONGEST_MS = 10_000;
const LONGEST_WAIT_MS = 1_000;
const HEARING_MS = 50;

/**
 * Power cuts of a store with relaxed durability: the last commits may be lost, but none from
 * between.
 */
export const relaxedDurability: Trial = {
  name: "relaxed",
  about: "power cuts with relaxed durability lose only the last commits",
  rows: [
    { count: "relaxedCuts", label: "power cuts with relaxed durability" },
    { count: "relaxedLost", label: "acknowledged and lost by these, as told" },
  ],
  missing: () => Promise.resolve(missingTools("file systems")),
  async run({ seed, folder, until, tally }) {
    const random = new SeededRandom(seed);
    const end = Math.min(until, Date.now() + LONGEST_MS);
    const disk = await PoweredDisk.make(folder);
    const { lines, kill } = startNoting(join(disk.at, STORE), RELAXED);
    try {
      for (let cut = 1; Date.now() < end; cut++) {
        await setTimeout(random.below(LONGEST_WAIT_MS));
        const image = join(folder, `cut-${cut}.img`);
        const mark = lines.length;
        await disk.copy(image);
        await setTimeout(HEARING_MS);
        const said = lines.filter(({ what }, place) => place < mark || what === "intend");
        const survivors = await lookInto(image, `${image}-mounted`, () =>
          readNotes(join(`${image}-mounted`, STORE), RELAXED),
        );
        const { lost, outOfOrder, unheardOf } = compareSurvivors(said, survivors);
        tally.add("relaxedCuts");
        tally.add("relaxedLost", lost.length);
        for (const { survived, lost } of outOfOrder.slice(0, 1))
          tally.fail(
            `${survived} survived a power cut, and ${lost}, which came before it, did not`,
          );
        if (unheardOf.length > 0)
          tally.fail(
            `${unheardOf.length} numbers existed after a power cut without having been sent`,
          );
        await rm(image);
      }
    } finally {
      const failure = await kill();
      if (failure !== undefined) tally.fail(`a process with relaxed durability: ${failure}`);
      await disk.remove();
    }
  },
};
