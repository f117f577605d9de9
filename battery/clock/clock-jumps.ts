import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { SeededRandom } from "../../src/testing/simulation/faults/seeded-random.ts";
import { endAt } from "../kills/end-at.ts";
import { Ledger } from "../ledger/ledger.ts";
import { startApp } from "../process/start-app.ts";
import type { App } from "../process/start-app.ts";
import { verify } from "../checker/verify.ts";
import type { Ground, Trial } from "../trial/trial.ts";
import { FARTHEST_MS, nextJump } from "./jumps.ts";
import { longestWait } from "./lateness.ts";

const JUMPS = "clockJumps";
const BACK = "clockJumpsBack";
const BETWEEN = "clockJumpsBetweenProcesses";
const LATEST = "clockLatest";

const LIVES = 5;
const JUMPS_A_LIFE = 8;
const LONGEST_PAUSE_MS = 700;
/**
 * More than in other trials: timers that were due before the clock was set back stay open until it
 * is right again, and blocked handlers keep their slots.
 */
const MOST = 250;
const RATE = 150;
/** The longest sleep of an engine without news. It is not notified when the clock is set. */
const STEP_MS = 60_000;
const QUIET_MS = STEP_MS + 15_000;
const BEYOND_MS = 10_000;
const IN_SLEEP = 0.3;
/** Restarted work has ended by then. */
const ASLEEP_MS = 3_500;

/**
 * The clock of a working process jumps forward and back, also between the death of one process and
 * the start of the next.
 */
export const clockJumps: Trial = {
  name: "clock",
  about: "clocks that jump, forward and back, while a process runs and between two",
  rows: [
    { count: JUMPS, label: "jumps of the clock" },
    { count: BACK, label: "of these back" },
    { count: BETWEEN, label: "of these between two processes" },
    { peak: LATEST, unit: "ms", label: "longest wait of a timer that was due" },
  ],
  missing: () => Promise.resolve(undefined),
  run: (ground) => runClockJumps(ground),
};

/** The size of the trial. */
interface Extent {
  /** Number of working processes. */
  readonly lives?: number;
  /** Number of jumps in each. */
  readonly jumps?: number;
  /**
   * Whether the last jump may come while the engine sleeps, which can take a minute; default yes.
   */
  readonly sleeps?: boolean;
}

/**
 * Runs processes on one store, one after the other, with a clock that jumps. Then moves beyond all
 * due times and verifies the store.
 */
export async function runClockJumps(
  { seed, folder, until, tally }: Ground,
  extent: Extent = {},
): Promise<void> {
  const { lives = LIVES, jumps = JUMPS_A_LIFE, sleeps = true } = extent;
  const random = new SeededRandom(seed);
  const ledger = new Ledger({ seed, file: join(folder, "ledger.jsonl") });
  const path = join(folder, "s.db");
  let [aheadMs, highestMs] = [0, 0];
  const jump = (...also: readonly string[]): number => {
    const next = nextJump(random, aheadMs);
    for (const count of [JUMPS, ...(next < aheadMs ? [BACK] : []), ...also]) tally.add(count);
    highestMs = Math.max(highestMs, next);
    return (aheadMs = next);
  };
  for (let life = 0; life < lives && Date.now() < until; life++) {
    const app = startApp({
      path,
      ledger,
      aheadMs: life === 0 ? 0 : jump(BETWEEN),
      most: MOST,
      rate: RATE,
    });
    await app.opened;
    for (let count = 0; count < jumps; count++) {
      await Promise.race([setTimeout(random.below(LONGEST_PAUSE_MS)), app.ended]);
      app.setClock(jump());
    }
    const complaint = await complaintAtEnd(app, ledger, random);
    if (complaint !== undefined)
      tally.fail(`process ${app.life}, whose clock jumped, ${complaint}`);
  }
  // Sometimes everything becomes due at once while the engine sleeps, with no event that would wake
  // it.
  const beyondMs = highestMs + BEYOND_MS;
  const jumpLater = (app: App): void =>
    void setTimeout(ASLEEP_MS).then(() => app.setClock(beyondMs));
  const how =
    sleeps && random.chance(IN_SLEEP)
      ? { aheadMs: -FARTHEST_MS, onOpen: jumpLater }
      : { aheadMs: beyondMs };
  tally.judge(await verify({ path, ledger, quietMs: QUIET_MS, ...how }));
  const waitMs = longestWait(ledger.entries);
  tally.reach(LATEST, waitMs);
  if (waitMs > QUIET_MS) tally.fail(`a timer was due for ${waitMs} ms before it rang`);
  ledger.close();
}

/** Ends a process, sometimes by SIGTERM. Returns a complaint if it ended badly. */
async function complaintAtEnd(
  app: App,
  ledger: Ledger,
  random: SeededRandom,
): Promise<string | undefined> {
  const signal = random.chance(0.25) ? "SIGTERM" : "SIGKILL";
  const ending = {
    signal,
    after: "intend",
    count: 1 + random.below(RATE / 4),
    delayMs: 0,
    verifies: false,
  } as const;
  const { code, complaints, hung } = await endAt(ending, app, ledger);
  if (hung) return "did not end for a long time after it was asked to";
  if (complaints !== "") return `complained: ${complaints}`;
  return code === (signal === "SIGTERM" ? 0 : null)
    ? undefined
    : `ended by itself, with code ${code}`;
}
