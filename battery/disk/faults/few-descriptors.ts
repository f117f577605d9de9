import { join } from "node:path";
import { Ledger } from "../../ledger/ledger.ts";
import { verify } from "../../checker/verify.ts";
import type { Trial } from "../../trial/trial.ts";
import { SeededRandom } from "../../../src/testing/simulation/faults/seeded-random.ts";
import { workFor } from "../work-for.ts";

const FEWEST = 18;
const MOST = 45;
const LONGEST_MS = 10_000;
const WORK_MS = 700;
const EXPECTED = [0, 3, 4];

/**
 * A process with so few file descriptors that it, its store or its writer cannot open a file
 * (EMFILE).
 */
export const fewDescriptors: Trial = {
  name: "emfile",
  about: "too few file descriptors",
  rows: [
    { count: "shortOfDescriptors", label: "processes short of file descriptors" },
    { count: "shutForDescriptors", label: "of them, stores that were not opened" },
  ],
  missing: () => Promise.resolve(process.platform === "win32" ? "needs ulimit" : undefined),
  async run({ seed, folder, until, tally }) {
    const random = new SeededRandom(seed);
    const end = Math.min(until, Date.now() + LONGEST_MS);
    const path = join(folder, "store.db");
    const ledger = new Ledger({ seed, file: join(folder, "ledger.jsonl") });
    while (Date.now() < end) {
      const limit = FEWEST + random.below(MOST - FEWEST);
      const wrap = ["sh", "-c", 'ulimit -n "$0" && exec "$@"', `${limit}`];
      const { app, code, hung, complaints } = await workFor(WORK_MS, { path, ledger, wrap });
      // Node itself needs some before it can report anything.
      if ((await app.opened) === "ended") continue;
      tally.add("shortOfDescriptors");
      if (code === 4) tally.add("shutForDescriptors");
      if (hung) tally.fail(`with ${limit} descriptors, the process did not end`);
      else if (!EXPECTED.includes(code ?? -1))
        tally.fail(`with ${limit} descriptors, the process ended with code ${code}: ${complaints}`);
    }
    tally.judge(await verify({ path, ledger }));
    ledger.close();
  },
};
