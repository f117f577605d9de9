/**
 * Stresses a store, and checks that it keeps its promises: `npm run battery -- [--minutes N]
 * [--seed S] [--only a,b] [--keep]`. Ends with code 1 if anything is wrong.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { SeededRandom } from "../src/testing/simulation/faults/seeded-random.ts";
import { readOptions } from "./options.ts";
import type { Options } from "./options.ts";
import { toCell, toComplaints, toReport } from "./report.ts";
import { LEAST_RUN_MINUTES, minutesOfLong } from "./share-of-time.ts";
import { Tally } from "./trial/tally.ts";
import type { Trial } from "./trial/trial.ts";
import { allTrials, roundOf } from "./trials.ts";

const MINUTE_MS = 60_000;
/** Time limit of a last verification on a slow disk. */
const PATIENCE_MS = 5 * MINUTE_MS;

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
const options = readOptions(process.argv.slice(2), allTrials);
const base = mkdtempSync(join(tmpdir(), "handback-battery-"));
const startedAt = Date.now();
const lacks = await lacksOf(options);
const total = await holdTrials(options);
const minutes = (Date.now() - startedAt) / MINUTE_MS;
console.log(toReport(total, { seed: options.seed, minutes, trials: options.trials, lacks }));
if (!options.keep && !total.isRed) rmSync(base, { recursive: true });
else console.log(`Stores and ledgers are in ${base}. Repeat with --seed ${options.seed}`);
// Exit now: this also ends hanging processes.
process.exit(total.isRed ? 1 : 0);

/** Returns the reasons why trials cannot run here, by name. */
async function lacksOf({ trials, ...occasion }: Options): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const { name, missing, isLong = false } of trials) {
    const hasTime = !isLong || minutesOfLong({ ...occasion, trials: trials.length }) > 0;
    const why = hasTime ? await missing() : `needs ${LEAST_RUN_MINUTES} minutes, or --only ${name}`;
    if (why !== undefined) found.set(name, why);
  }
  return found;
}

/**
 * Runs the long trials, then the others in turn until the time is over, each with its own seed and
 * folder.
 */
async function holdTrials({ seed, keep, trials, ...occasion }: Options): Promise<Tally> {
  const total = new Tally();
  const random = new SeededRandom(seed);
  const until = startedAt + occasion.minutes * MINUTE_MS;
  let turns = 0;
  const hold = async (trial: Trial, until: number): Promise<void> => {
    const folder = join(base, `${turns++}-${trial.name}`);
    const tally = await holdTrial(trial, { seed: random.below(2 ** 31), folder, until });
    if (!tally.isRed && !keep) rmSync(folder, { recursive: true });
    total.merge(tally);
  };
  const held = trials.filter(({ name }) => !lacks.has(name));
  const longMs = minutesOfLong({ ...occasion, trials: trials.length }) * MINUTE_MS;
  for (const trial of held.filter(({ isLong }) => isLong)) await hold(trial, Date.now() + longMs);
  const round = roundOf(held.filter(({ isLong }) => !isLong));
  for (let turn = 0; Date.now() < until; turn++) {
    const trial = round[turn % round.length];
    if (trial === undefined) break;
    await hold(trial, until);
  }
  return total;
}

async function holdTrial(
  trial: Trial,
  ground: { readonly seed: number; readonly folder: string; readonly until: number },
): Promise<Tally> {
  const tally = new Tally();
  const heldAt = Date.now();
  mkdirSync(ground.folder);
  try {
    await Promise.race([
      trial.run({ ...ground, tally }),
      overdue(trial.isLong ? ground.until : Math.min(ground.until, heldAt + MINUTE_MS)),
    ]);
  } catch (error) {
    tally.fail(
      `${trial.name} could not be held: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
  }
  const { acknowledged, indeterminate, failed } = tally.requests;
  const counts = trial.rows.map((row) => `${toCell(row, tally)} ${row.label}`).join(", ");
  const verdict = tally.isRed ? `RED, kept in ${ground.folder}:\n${toComplaints(tally)}` : "well";
  console.error(
    `${trial.name} (${ground.seed}): ${counts}; ${acknowledged} acknowledged, ${indeterminate} indeterminate, ${failed} failed; ${Math.round((Date.now() - heldAt) / 1_000)} s: ${verdict}`,
  );
  return tally;
}

/** Rejects long after a trial should have ended. */
async function overdue(until: number): Promise<never> {
  await setTimeout(Math.max(0, until - Date.now()) + PATIENCE_MS, undefined, { ref: false });
  throw new Error("it did not come to an end");
}
