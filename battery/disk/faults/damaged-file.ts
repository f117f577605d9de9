import { existsSync, statSync } from "node:fs";
import { cp, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { SeededRandom } from "../../../src/testing/simulation/faults/seeded-random.ts";
import { Ledger } from "../../ledger/ledger.ts";
import { verify } from "../../checker/verify.ts";
import { pick } from "../../trial/pick.ts";
import type { Ground, Trial } from "../../trial/trial.ts";
import { startApp } from "../../process/start-app.ts";
import { damage } from "./damage.ts";
import type { Harm } from "./damage.ts";
import { startOfLastCommit } from "./log-tail.ts";

const HARMS: readonly Harm[] = [
  "a flipped bit",
  "a flipped bit",
  "a sector of zeros",
  "a cut",
  "emptied",
];
/** A log that ends early looks like one after a power cut, and cannot be detected. */
const HARMS_OF_LOG: readonly Harm[] = ["a flipped bit", "a sector of zeros"];
const STORE = "store.db";
const LONGEST_MS = 20_000;
const WORK_MS = 1_500;
const DAMAGES = 12;
/** Errors that a damaged store may report. */
const TOLD = /STORE_CORRUPT|STORE_OPEN_FAILED|FORMAT_TOO_NEW/u;

/**
 * Changes or cuts off part of a closed file. The store must still be correct, or the engine must
 * report the damage.
 */
export const damagedFiles: Trial = {
  name: "damage",
  about: "files that were damaged while they were closed",
  rows: [
    { count: "damagedFiles", label: "damaged files" },
    { count: "damagesTold", label: "of them, told by an error" },
    { count: "damagesHarmless", label: "of them, without harm" },
  ],
  missing: () => Promise.resolve(undefined),
  async run(ground) {
    const random = new SeededRandom(ground.seed);
    const end = Math.min(ground.until, Date.now() + LONGEST_MS);
    for (let store = 1; Date.now() < end; store++) {
      const folder = join(ground.folder, `store-${store}`);
      await mkdir(join(folder, "whole"), { recursive: true });
      const ledger = new Ledger({ seed: ground.seed + store, file: join(folder, "ledger.jsonl") });
      await work(join(folder, "whole", STORE), ledger, random.chance(0.5) ? "SIGKILL" : "SIGTERM");
      for (let number = 1; number <= DAMAGES && Date.now() < end; number++)
        await damageCopy(number, { ...ground, folder, ledger, random });
      ground.tally.judge(await verify({ path: join(folder, "whole", STORE), ledger }));
      ledger.close();
    }
  },
};

/**
 * Lets a process work for a while. After a kill its data is in the log, after a close in the file.
 */
async function work(path: string, ledger: Ledger, signal: "SIGKILL" | "SIGTERM"): Promise<void> {
  const app = startApp({ path, ledger });
  setTimeout(() => app.kill(signal), WORK_MS);
  await app.ended;
}

async function damageCopy(
  number: number,
  {
    folder,
    ledger,
    random,
    tally,
  }: Ground & { readonly ledger: Ledger; readonly random: SeededRandom },
): Promise<void> {
  const copy = join(folder, `damaged-${number}`);
  await cp(join(folder, "whole"), copy, { recursive: true });
  const done = damageStore(join(copy, STORE), random);
  const survivor = ledger.cut(ledger.mark(), join(copy, "ledger.jsonl"));
  const { violations } = await verify({
    path: join(copy, STORE),
    ledger: survivor,
    quietMs: 3_000,
  });
  tally.add("damagedFiles");
  if ([...survivor.entries, ...violations].some((each) => TOLD.test(JSON.stringify(each))))
    tally.add("damagesTold");
  else if (violations.length === 0) tally.add("damagesHarmless");
  else
    tally.fail(
      `${done}, without an error: ${violations.length} violations, such as ${violations[0]?.what}: ${violations[0]?.operation}: ${violations[0]?.said}`,
    );
  survivor.close();
  if (violations.length === 0) await rm(copy, { recursive: true });
}

/** Damages the store's file, or its log if there is one. Returns a description of the damage. */
function damageStore(path: string, random: SeededRandom): string {
  const log = `${path}-wal`;
  const limit = existsSync(log) ? startOfLastCommit(log) : 0;
  if (limit > 0 && random.chance(0.5))
    return `in the log, ${damage(log, { harm: pick(random, HARMS_OF_LOG), limit, random })} of ${limit}`;
  const { size } = statSync(path);
  return `in the file, ${damage(path, { harm: pick(random, HARMS), limit: size, random })} of ${size}`;
}
