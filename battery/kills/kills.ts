import { join } from "node:path";
import { SeededRandom } from "../../src/testing/simulation/faults/seeded-random.ts";
import { Ledger } from "../ledger/ledger.ts";
import type { Orders } from "../ledger/orders.ts";
import { startApp } from "../process/start-app.ts";
import { verify } from "../checker/verify.ts";
import type { Ground, Trial } from "../trial/trial.ts";
import { endAt } from "./end-at.ts";
import { scheduleEndings } from "./schedule.ts";
import type { Ending } from "./schedule.ts";
import { otherNames, tryToOpen } from "./second-opens.ts";

const KILLS = "kills";
const IN_WINDOW = "killsInCommitWindow";
const DRAINS = "drains";
const SECOND_OPENS = "secondOpens";

const ENDINGS = 16;
const BETWEEN_VERIFICATIONS = 8;
const BUSY = 900;

/** Kills the process at moments of all kinds, drains it, and tries to open the store twice. */
export const kills: Trial = {
  name: "kills",
  about: "SIGKILL at any moment, SIGTERM, and second opens of the store",
  share: 20,
  rows: [
    { count: KILLS, label: "kills (SIGKILL)" },
    { count: IN_WINDOW, label: "of these inside the commit window" },
    { count: DRAINS, label: "drains (SIGTERM)" },
    { count: SECOND_OPENS, label: "second opens that were refused" },
  ],
  missing: () => Promise.resolve(undefined),
  run: (ground) => runKills(ground),
};

/** The size of the trial. */
interface Extent {
  /** Number of processes to end. */
  readonly endings?: number;
  /** Number of processes between two verifications. */
  readonly between?: number;
  /** Maximum number of requests of a process before it is ended. */
  readonly busy?: number;
}

/**
 * Ends processes on one store, one after the other, with a verification at intervals and one at the
 * end.
 */
export async function runKills(ground: Ground, extent: Extent = {}): Promise<void> {
  const { endings = ENDINGS, between = BETWEEN_VERIFICATIONS, busy = BUSY } = extent;
  const { seed, folder, until, tally } = ground;
  const random = new SeededRandom(seed);
  const ledger = new Ledger({ seed, file: join(folder, "ledger.jsonl") });
  const path = join(folder, "store", "s.db");
  const intruded = random.below(endings);
  const schedule = scheduleEndings(random, { count: endings, busy });
  for (const [index, ending] of schedule.entries()) {
    if (Date.now() > until) break;
    if (index > 0 && index % between === 0) {
      const verdict = await verify({ path, ledger });
      if (verdict.violations.length > 0) break;
    }
    await endOne({ ...ground, path, ledger }, ending, index === intruded ? otherNames(path) : []);
  }
  tally.judge(await verify({ path, ledger }));
  ledger.close();
}

async function endOne(
  { tally, path, ledger }: Ground & { readonly path: string; readonly ledger: Ledger },
  ending: Ending,
  intrusions: Orders["intrusions"],
): Promise<void> {
  // A verification may end by itself, which frees the store.
  const mode = ending.verifies && intrusions.length === 0 ? "verify" : "work";
  const app = startApp({ path, ledger, intrusions, mode });
  if (intrusions.length > 0 && (await app.opened) === "open") {
    const { tries, gotIn } = await tryToOpen(app, ledger, intrusions);
    tally.add(SECOND_OPENS, tries - gotIn.length);
    for (const who of gotIn) tally.fail(`a store that was open was opened again (${who})`);
  }
  const { code, signal, complaints, hung } = await endAt(ending, app, ledger);
  const process = `process ${app.life}, to be ended by ${ending.signal}`;
  if (complaints !== "") tally.fail(`${process}, complained: ${complaints}`);
  if (hung) tally.fail(`${process}, did not end for a long time after it was asked to`);
  if (signal === "SIGKILL") {
    tally.add(KILLS);
    if (wasInWindow(ledger, app.life)) tally.add(IN_WINDOW);
  } else if (code !== 0)
    tally.fail(
      `${process}, ended by itself ${signal === null ? `with code ${code}` : `by ${signal}`}`,
    );
  else if (ending.signal !== "SIGKILL") tally.add(DRAINS);
}

/**
 * Returns true if a process died during a request that was neither answered nor rejected: its
 * commit was gathering or under way.
 */
function wasInWindow({ entries }: Ledger, life: number): boolean {
  const open = new Set<number>();
  for (const entry of entries) {
    if (entry.life !== life) continue;
    if (entry.what === "intend") open.add(entry.request);
    if (entry.what === "ack" || entry.what === "refused") open.delete(entry.request);
  }
  return open.size > 0;
}
