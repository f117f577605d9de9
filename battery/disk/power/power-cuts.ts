import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { SeededRandom } from "../../../src/testing/simulation/faults/seeded-random.ts";
import { Ledger } from "../../ledger/ledger.ts";
import { startApp } from "../../process/start-app.ts";
import { verify } from "../../checker/verify.ts";
import type { Tally } from "../../trial/tally.ts";
import type { Ground, Trial } from "../../trial/trial.ts";
import { missingTools } from "../missing-tools.ts";
import { cutPower, verifyRemains } from "./power-cut.ts";
import type { Remains } from "./power-cut.ts";
import { PoweredDisk } from "./powered-disk.ts";

const POWER_CUTS = "powerCuts";
const STORE = "store.db";
const LONGEST_MS = 30_000;
const CUTS_A_LIFE = 5;
const LONGEST_WAIT_MS = 1_000;

/**
 * The power fails at random moments, also while a store is being opened. After most cuts other
 * processes verify the remains while the working process continues. After the last cut, the next
 * process continues from the remains.
 */
export const powerCuts: Trial = {
  name: "power",
  about: "power cuts: the disk loses unflushed data",
  share: 4,
  rows: [{ count: POWER_CUTS, label: "power cuts" }],
  missing: () => Promise.resolve(missingTools("file systems")),
  async run(ground) {
    const { seed, folder, until, tally } = ground;
    const random = new SeededRandom(seed);
    const end = Math.min(until, Date.now() + LONGEST_MS);
    const disk = await PoweredDisk.make(folder);
    let ledger = new Ledger({ seed, file: join(folder, "ledger.jsonl") });
    try {
      for (let life = 1; Date.now() < end; life++)
        ledger = await live({ ...ground, disk, ledger, random, life });
      tally.judge(await verify({ path: join(disk.at, STORE), ledger }));
      ledger.close();
    } finally {
      await disk.remove();
    }
  },
};

/** The setup of one process. */
interface Life extends Ground {
  readonly disk: PoweredDisk;
  readonly ledger: Ledger;
  readonly random: SeededRandom;
  readonly life: number;
}

/**
 * Lets a process work until the last of several power cuts. Returns the expected content of the
 * store that the last one leaves.
 */
async function live({ disk, ledger, random, life, folder, tally }: Life): Promise<Ledger> {
  const app = startApp({ path: join(disk.at, STORE), ledger });
  const looks: Promise<void>[] = [];
  try {
    for (let cut = 1; ; cut++) {
      await setTimeout(random.below(LONGEST_WAIT_MS));
      const remains = await cutPower(disk, ledger, { folder, name: `cut-${life}-${cut}` });
      tally.add(POWER_CUTS);
      if (cut < CUTS_A_LIFE) looks.push(look(remains, tally));
      else {
        await end();
        await disk.restore(remains.image);
        await rm(remains.image);
        ledger.close();
        return remains.ledger;
      }
    }
  } finally {
    await end();
  }

  async function end(): Promise<void> {
    app.kill("SIGKILL");
    const { code, complaints } = await app.ended;
    if (code !== null)
      tally.fail(`a process ended without a kill, with code ${code} ${complaints}`);
    await Promise.all(looks);
  }
}

/**
 * Verifies the remains of a cut. Counts only violations and the last recovery, because the main
 * ledger continues elsewhere. Never rejects.
 */
async function look(remains: Remains, tally: Tally): Promise<void> {
  try {
    const { violations, recoveriesMs } = await verifyRemains(remains, STORE);
    tally.judge({
      requests: { acknowledged: 0, indeterminate: 0, failed: 0 },
      violations,
      recoveriesMs: recoveriesMs.slice(-1),
    });
    if (violations.length === 0) await rm(remains.image);
    remains.ledger.close();
  } catch (error) {
    tally.fail(`what a power cut left could not be looked at: ${String(error)}`);
  }
}
