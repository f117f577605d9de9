import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { SeededRandom } from "../../src/testing/simulation/faults/seeded-random.ts";
import type { Entry } from "../ledger/entry.ts";
import { Ledger } from "../ledger/ledger.ts";
import { startApp } from "../process/start-app.ts";
import type { App, AppOptions, Ended } from "../process/start-app.ts";
import { verify } from "../checker/verify.ts";
import type { Tally } from "../trial/tally.ts";
import type { Ground, Trial } from "../trial/trial.ts";
import { mostDeaths, whatIsWrong } from "./outcome.ts";
import { MENDED, WAYS } from "../ledger/poison-plan.ts";
import type { Poisoning } from "../ledger/poison-plan.ts";
import { latencyOf } from "./probes.ts";
import type { Latency } from "./probes.ts";

const DOSES = "poisonDoses";
const DEATHS = "poisonDeaths";
const RATIO = "poisonRatio";

const MOST_DOSES = 3;
const TOILS = 10;
const TOIL_MS = 250;
const LONGEST_DELAY_MS = 700;
const PROBES = 200;
const RATE = 60;
/**
 * So many that only the rate counts: a message in the probation queue must not spare a process
 * other work.
 */
const MOST = 400;
/**
 * Number of crashes before any message is a suspect: the cause of the first crash is unknown, and
 * then all running messages are marked.
 */
const DEATHS_BEFORE = 2;
const MOST_RATIO = 2;
const MEASUREMENTS = 3;
/** Longer than any message is held back. */
const LIMIT_MS = 120_000;
const LONGEST_REDRIVE_MS = 120;

/**
 * Messages that crash the process are found and given up. All other work continues. Once fixed,
 * they are completed.
 */
export const poisonedMessages: Trial = {
  name: "poison",
  about: "messages that crash the process whenever it handles them",
  rows: [
    { count: DOSES, label: "poisoned messages" },
    { count: DEATHS, label: "deaths of them" },
    { peak: RATIO, unit: "times", label: "p99 of other calls beside suspects" },
  ],
  missing: () => Promise.resolve(undefined),
  run: (ground) => holdUntilQuiet(ground),
};

/** A store, and the ledger of its processes. */
interface Scene {
  readonly ledger: Ledger;
  readonly path: string;
  readonly poisoning: Poisoning;
}

/**
 * A store with poison, and one with the same work but without poison and suspects, whose processes
 * are killed as well.
 */
interface Scenes extends Ground {
  readonly random: SeededRandom;
  readonly poisoned: Scene;
  readonly sound: Scene;
}

/**
 * Runs the trial, and repeats it with other poison if answers took long: on a busy machine they may
 * be slow for other reasons.
 */
async function holdUntilQuiet(ground: Ground): Promise<void> {
  const { seed, folder, tally } = ground;
  const ratios: number[] = [];
  while (
    ratios.length < MEASUREMENTS &&
    !tally.isRed &&
    ratios.every((ratio) => ratio > MOST_RATIO)
  ) {
    const own = join(folder, String(ratios.length));
    mkdirSync(own);
    ratios.push(await runPoison({ ...ground, seed: seed + ratios.length, folder: own }));
  }
  const least = Math.min(...ratios);
  tally.reach(RATIO, least);
  if (least > MOST_RATIO)
    tally.fail(
      `calls took ${ratios.map((ratio) => ratio.toFixed(1)).join(", ")} times as long beside suspects as without`,
    );
}

/**
 * Lets poison crash processes until it is given up, fixes it, and judges. Compares the speed of
 * answers with the other store.
 */
async function runPoison(ground: Ground): Promise<number> {
  const { seed, tally } = ground;
  const random = new SeededRandom(seed);
  const poisoning = choosePoison(random);
  const poisoned = makeScene(ground, "poisoned", poisoning);
  const scenes: Scenes = {
    ...ground,
    random,
    poisoned,
    sound: makeScene(ground, "sound", { ...poisoning, poisons: [], isSought: false }),
  };
  const pairs = await dieOfIt(scenes);
  tally.add(DOSES, poisoning.poisons.length);
  tally.add(DEATHS, pairs.length);
  await mend(scenes);
  const { ledger } = poisoned;
  tally.judge(await verify({ ...poisoned, env: { [MENDED]: "1" } }));
  for (const wrong of whatIsWrong(ledger.entries, poisoning)) tally.fail(wrong);
  const ratio = compare(scenes, pairs.slice(DEATHS_BEFORE));
  for (const scene of [poisoned, scenes.sound]) scene.ledger.close();
  return ratio;
}

function makeScene({ seed, folder }: Ground, name: string, poisoning: Poisoning): Scene {
  return {
    ledger: new Ledger({ seed, file: join(folder, `${name}.jsonl`) }),
    path: join(folder, `${name}.db`),
    poisoning,
  };
}

function choosePoison(random: SeededRandom): Poisoning {
  const poisons = Array.from({ length: 1 + random.below(MOST_DOSES) }, (_, index) => ({
    name: `poison ${index}`,
    way: WAYS[random.below(WAYS.length)] ?? "exits",
    isOneWay: random.chance(0.4),
  }));
  const toils = Array.from({ length: TOILS }, (_, index) => `toil ${index}`);
  return {
    poisons,
    toils,
    toilMs: TOIL_MS,
    afterMs: random.below(LONGEST_DELAY_MS),
    probes: PROBES,
    isSought: true,
    redrives: false,
  };
}

/**
 * A process that crashed, and its twin on the other store, which was killed after the same time.
 */
interface Pair {
  readonly died: number;
  readonly twin: number;
}

/**
 * Starts processes until one has found all poison and survives. After each crash its twin runs for
 * the same time, so that the machine is as busy.
 */
async function dieOfIt({ poisoned, sound, tally }: Scenes): Promise<readonly Pair[]> {
  const { ledger } = poisoned;
  const { poisons, toils } = poisoned.poisoning;
  const most = mostDeaths(poisons.length);
  const oneWay = poisons.filter(({ isOneWay }) => isOneWay).length;
  for (const pairs: Pair[] = []; ;) {
    const app = start(poisoned);
    let fates = 0;
    let letters = 0;
    const end = await heardOf(app, ledger, (entry) => {
      if (entry.what === "fate") fates++;
      if (entry.what === "poisoning") letters = entry.letters.length;
      return letters === poisons.length && fates === oneWay + toils.length;
    });
    await endBy(app, "SIGKILL");
    if (end === "late")
      tally.fail(`a process lives, and gives up ${letters} of ${poisons.length} poisoned messages`);
    if (end !== "ended") return pairs;
    pairs.push({ died: app.life, twin: await liveFor(msOpen(ledger, app.life), sound, tally) });
    if (pairs.length <= most) continue;
    tally.fail(
      `${pairs.length} processes died of ${poisons.length} poisoned messages; ${most} would do`,
    );
    return pairs;
  }
}

/** Lets a process work for a while, and kills it. */
async function liveFor(ms: number, scene: Scene, tally: Tally): Promise<number> {
  const app = start(scene);
  await app.opened;
  await Promise.race([setTimeout(ms), app.ended]);
  const { code, complaints } = await endBy(app, "SIGKILL");
  if (code !== null)
    tally.fail(`without poison a process ended by itself, with code ${code}: ${complaints}`);
  return app.life;
}

/** Starts a process that works, sends its messages, and times answers. */
function start(
  { path, ledger, poisoning }: Scene,
  more: Pick<AppOptions, "env"> & { readonly redrives?: boolean } = {},
): App {
  const { redrives = false, env = {} } = more;
  return startApp({
    path,
    ledger,
    env,
    poisoning: { ...poisoning, redrives },
    rate: RATE,
    most: MOST,
  });
}

/** Waits until a process has reported an event, has ended, or takes too long. */
async function heardOf(
  app: App,
  ledger: Ledger,
  isSo: (entry: Entry) => boolean,
): Promise<"found" | "ended" | "late"> {
  const over = new AbortController();
  const found = ledger
    .when((entry) => entry.life === app.life && isSo(entry), over.signal)
    .then(() => "found" as const);
  const late = setTimeout(LIMIT_MS, "late" as const, { signal: over.signal }).catch(
    () => "late" as const,
  );
  return Promise.race([found, late, app.ended.then(() => "ended" as const)]).finally(() =>
    over.abort(),
  );
}

/** Returns the time for which a process had the store open. */
function msOpen({ entries }: Ledger, life: number): number {
  const atOf = (what: Entry["what"]): number | undefined =>
    entries.find((entry) => entry.life === life && entry.what === what)?.at;
  const endedAt = atOf("end") ?? 0;
  return endedAt - (atOf("open") ?? endedAt);
}

/**
 * Compares the time of calls to other addresses during probation with that of the twins: with the
 * same work, after the same kind of crash, for the same time. Returns the ratio.
 */
function compare({ seed, poisoned, sound, tally }: Scenes, pairs: readonly Pair[]): number {
  const measure = (opening: boolean): readonly [Latency, Latency] => [
    latencyOf(
      poisoned.ledger.entries,
      pairs.map(({ died }) => died),
      { opening },
    ),
    latencyOf(
      sound.ledger.entries,
      pairs.map(({ twin }) => twin),
      { opening },
    ),
  ];
  const show = ([beside, without]: readonly [Latency, Latency]): string =>
    `${beside.p99Ms.toFixed(1)} ms in ${beside.count} calls beside suspects, ${without.p99Ms.toFixed(1)} ms in ${without.count} without`;
  const [beside, without] = measure(false);
  tally.note(
    `poison (${seed}): p99 of ${show([beside, without])}; from the first moment on ${show(measure(true))}`,
  );
  return without.count === 0 ? 0 : beside.p99Ms / without.p99Ms;
}

/** Fixes the poison, and sends dead letters again. The first process that does so is killed. */
async function mend({ poisoned, random, tally }: Scenes): Promise<void> {
  const { ledger, poisoning } = poisoned;
  const names = [...poisoning.poisons.map(({ name }) => name), ...poisoning.toils];
  const env = { [MENDED]: "1" };
  const killed = start(poisoned, { redrives: true, env });
  await killed.opened;
  await setTimeout(random.below(LONGEST_REDRIVE_MS));
  await endBy(killed, "SIGKILL");
  const app = start(poisoned, { redrives: true, env });
  const isDone = (entry: Entry): boolean =>
    entry.what === "poisoning" &&
    entry.letters.length === 0 &&
    names.every((name) => entry.counted[name] !== undefined);
  const end = await heardOf(app, ledger, isDone);
  if (end !== "found")
    tally.fail(`mended, poisoned messages that were sent again were not all done (${end})`);
  const { code } = await endBy(app, "SIGTERM");
  if (end === "found" && code !== 0)
    tally.fail(`mended, the process did not end in good order, but with code ${code}`);
}

function endBy(app: App, signal: "SIGKILL" | "SIGTERM"): Promise<Ended> {
  app.kill(signal);
  return app.ended;
}
