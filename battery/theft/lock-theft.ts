import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { hasEndedWithin, endWithin } from "../process/end-within.ts";
import { SeededRandom } from "../../src/testing/simulation/faults/seeded-random.ts";
import { verify } from "../checker/verify.ts";
import { Ledger } from "../ledger/ledger.ts";
import { startApp } from "../process/start-app.ts";
import type { App } from "../process/start-app.ts";
import { pick } from "../trial/pick.ts";
import type { Tally } from "../trial/tally.ts";
import type { Ground, Trial } from "../trial/trial.ts";
import { isRefused } from "./is-refused.ts";
import { lateAcknowledgements } from "./late-acknowledgements.ts";
import { anywhere, inProcess } from "./thefts.ts";
import type { Theft } from "./thefts.ts";
import { visitors } from "./visitors.ts";

const THEFTS = "thefts";
const TAKEN_OVER = "theftsTakenOver";
const FENCED = "theftsFenced";
const BUS_ERRORS = "theftsBusErrors";
const REFUSED = "theftsRefused";
const VISITS = "theftsVisits";

const LONGEST_MS = 30_000;
const LONGEST_WORK_MS = 700;
/** An idle engine checks each second whether the store is still its own. */
const FENCED_WITHIN_MS = 8_000;
const CLOSED_WITHIN_MS = 15_000;
const STOPPED = 3;
/** A second engine opens the store, or a visitor looks into it, in this share of the runs. */
const [SECOND_ENGINE, VISITOR] = [0.35, 0.5];
const FRESH = 0.3;

/**
 * A program takes the lock away from its own store, or deletes files of it. Then another engine
 * opens the store, a database shell looks into it, or no other program opens it, and the process is
 * killed. All acknowledged work is stored, or opening is refused.
 */
export const lockTheft: Trial = {
  name: "theft",
  about: "programs that drop the store's lock or delete its files, second engines, kill -9",
  share: 4,
  rows: [
    { count: THEFTS, label: "thefts of a lock or a file" },
    { count: TAKEN_OVER, label: "of these, stores that a second engine opened" },
    { count: VISITS, label: "of these, stores that another program used with SQLite" },
    { count: FENCED, label: "engines that stopped with STORE_FENCED" },
    { count: BUS_ERRORS, label: "engines that ended with a bus error" },
    { count: REFUSED, label: "stores without their log that were refused" },
  ],
  missing: () =>
    Promise.resolve(process.platform === "win32" ? "needs the locks of POSIX" : undefined),
  run: (ground) => runThefts(ground),
};

/** The size of the trial. */
interface Extent {
  /** Number of thefts. */
  readonly thefts?: number;
}

/** Commits thefts on one store after the other, and verifies each store after each theft. */
export async function runThefts(
  { seed, folder, until, tally }: Ground,
  { thefts = Infinity }: Extent = {},
): Promise<void> {
  const random = new SeededRandom(seed);
  const end = Math.min(until, Date.now() + LONGEST_MS);
  for (let done = 0, store = 1; done < thefts && Date.now() < end; store++) {
    const place = join(folder, `store-${store}`);
    await mkdir(place);
    const ledger = new Ledger({ seed: seed + store, file: join(folder, `ledger-${store}.jsonl`) });
    const scene = { path: join(place, "s.db"), ledger, random, tally };
    let goesOn = true;
    for (; goesOn && done < thefts; done++) goesOn = (await stealOnce(scene)) && Date.now() < end;
    ledger.close();
  }
}

interface Scene {
  readonly path: string;
  readonly ledger: Ledger;
  readonly random: SeededRandom;
  readonly tally: Tally;
}

/** One theft, and what follows. Returns whether the same store can be used again. */
async function stealOnce({ path, ledger, random, tally }: Scene): Promise<boolean> {
  const isOwn = random.chance(0.6);
  const theft = pick(random, isOwn ? inProcess : anywhere);
  const app = startApp({ path, ledger });
  await Promise.race([app.opened, app.ended]);
  await setTimeout(random.below(LONGEST_WORK_MS));
  if (isOwn) await commitInside(app, { theft, ledger });
  else theft.act(path);
  const stolenAt = Date.now();
  tally.add(THEFTS);
  const { followers, openedAt } = await follow({ path, ledger, random, tally }, theft);
  const said = `a process ${isOwn ? "that" : "beside one that"} ${theft.how}${followers}`;
  const isLost = theft.replaces === true || openedAt < Infinity;
  await endAfter(app, { random, tally, said, isLost });
  const at = theft.replaces === true ? stolenAt : openedAt;
  const late = lateAcknowledgements(ledger.entries, { life: app.life, at });
  if (late > 0) tally.fail(`${said}: acknowledged ${late} operations that it began afterwards`);
  const verdict = await verify({ path, ledger });
  if (theft.losesLog === true && isRefused(verdict)) {
    tally.add(REFUSED);
    return false;
  }
  tally.judge(verdict);
  if (verdict.violations.length > 0) tally.fail(`after ${said}, the store was wrong`);
  return verdict.violations.length === 0 && !random.chance(FRESH);
}

async function commitInside(
  app: App,
  { theft, ledger }: { readonly theft: Theft; readonly ledger: Ledger },
): Promise<void> {
  const done = ledger.when(({ life, what }) => life === app.life && what === "theft");
  app.commitTheft(theft.how);
  await Promise.race([done, app.ended]);
}

/** Who opened the store after a theft, in a few words, and when a second engine had it open. */
interface Followers {
  readonly followers: string;
  readonly openedAt: number;
}

/** Lets a second engine or a visitor open the store. */
async function follow({ path, ledger, random, tally }: Scene, theft: Theft): Promise<Followers> {
  await setTimeout(random.below(50));
  if (random.chance(SECOND_ENGINE)) {
    // It finishes all open work while the first one believes that the store is its own.
    const second = startApp({ path, ledger, mode: "verify" });
    const opened = await second.opened;
    const openedAt = opened === "open" ? Date.now() : Infinity;
    const { code, complaints } = await second.ended;
    if (opened === "open") {
      tally.add(TAKEN_OVER);
      if (code !== 0)
        tally.fail(
          `a second engine after a theft (${theft.how}) ended with ${code}: ${complaints}`,
        );
    }
    return { followers: `, and a second engine (${opened})`, openedAt };
  }
  if (!random.chance(VISITOR)) return { followers: "", openedAt: Infinity };
  const visitor = pick(random, visitors);
  if (await visitor.visit(path)) tally.add(VISITS);
  return { followers: `, and a visitor that ${visitor.how}`, openedAt: Infinity };
}

interface Aftermath {
  readonly random: SeededRandom;
  readonly tally: Tally;
  readonly said: string;
  /** True if the process certainly has lost its store, and must notice. */
  readonly isLost: boolean;
}

/** Kills the process, asks it to close, or waits whether it notices by itself. */
async function endAfter(app: App, { random, tally, said, isLost }: Aftermath): Promise<void> {
  const way = pick(random, ["kill", "kill", "close", "wait"] as const);
  const hasEnded = await hasEndedWithin(app, way === "wait" ? FENCED_WITHIN_MS : random.below(300));
  if (way === "wait" && isLost && !hasEnded) tally.fail(`${said}: did not notice`);
  app.kill(way === "kill" ? "SIGKILL" : "SIGTERM");
  const { code, signal, complaints, hung } = await endWithin(app, CLOSED_WITHIN_MS);
  if (hung) tally.fail(`${said}: did not close`);
  if (code === STOPPED) tally.add(FENCED);
  else if (signal === "SIGBUS") tally.add(BUS_ERRORS);
  else if (signal !== "SIGKILL" && code !== 0)
    tally.fail(`${said}: ended with ${signal ?? code}: ${complaints}`);
}
