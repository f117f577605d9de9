import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { SeededRandom } from "../../../src/testing/simulation/faults/seeded-random.ts";
import { Ledger } from "../../ledger/ledger.ts";
import { startApp } from "../../process/start-app.ts";
import { verify } from "../../checker/verify.ts";
import type { Tally } from "../../trial/tally.ts";
import type { Ground, Trial } from "../../trial/trial.ts";
import { missingTools } from "../missing-tools.ts";
import { readNotes, startNoting } from "../notes/start-notes.ts";
import { compareSurvivors } from "../notes/survival.ts";
import type { Line } from "../notes/survival.ts";
import { SmallDisk } from "../small-disk.ts";

const LONGEST_MS = 20_000;
const LONGEST_FULL_MS = 3_000;
const LONGEST_ROOM_MS = 1_000;
const LIMIT_MS = 15_000;
const AGAIN_MS = 50;

/**
 * The disk is full for a while. Requests that need space are rejected as `STORE_FULL`, reads
 * continue, and all work continues once there is space. Two processes share the disk: the battery's
 * own, for the laws, and one that stores numbers and reads all the time.
 */
export const fullDisk: Trial = {
  name: "full",
  about: "a disk that is full for a while",
  rows: [{ count: "fullDisks", label: "times that the disk was full" }],
  missing: () => Promise.resolve(missingTools("file systems")),
  async run(ground) {
    const disk = await SmallDisk.make(ground.folder);
    try {
      await fillNowAndThen(disk, ground);
    } finally {
      await disk.remove();
    }
  },
};

async function fillNowAndThen(
  disk: SmallDisk,
  { seed, folder, until, tally }: Ground,
): Promise<void> {
  const random = new SeededRandom(seed);
  const end = Math.min(until, Date.now() + LONGEST_MS);
  const ledger = new Ledger({ seed, file: join(folder, "ledger.jsonl") });
  const [path, notes] = [join(disk.at, "store.db"), join(disk.at, "notes.db")];
  const [app, noting] = [startApp({ path, ledger }), startNoting(notes)];
  try {
    const goOn = async (): Promise<boolean> =>
      (await goesOn(() => ledger.entries)) && (await goesOn(() => noting.lines));
    let goes = await goOn();
    while (goes && Date.now() < end) {
      await setTimeout(random.below(LONGEST_ROOM_MS));
      const mark = noting.lines.length;
      await keepFull(disk, random.below(LONGEST_FULL_MS));
      judgeRefusals(noting.lines.slice(mark), tally);
      await disk.clear();
      goes = await goOn();
    }
    if (!goes)
      tally.fail(`there was room on the disk, and nothing was acknowledged for ${LIMIT_MS} ms`);
  } finally {
    app.kill("SIGKILL");
    const { code, complaints } = await app.ended;
    if (code !== null)
      tally.fail(`on a full disk the process ended by itself, with code ${code}: ${complaints}`);
    const failure = await noting.kill();
    if (failure !== undefined)
      tally.fail(`on a full disk, of the process that notes numbers: ${failure}`);
  }
  tally.judge(await verify({ path, ledger }));
  ledger.close();
  const { lost, unheardOf } = compareSurvivors(noting.lines, await readNotes(notes));
  if (lost.length > 0)
    tally.fail(
      `${lost.length} numbers were acknowledged on a disk that was full now and then, and are lost`,
    );
  if (unheardOf.length > 0)
    tally.fail(`${unheardOf.length} numbers were refused on a full disk, and are there`);
}

/** Fills the disk repeatedly, so that space freed by the stores is taken too. */
async function keepFull(disk: SmallDisk, forMs: number): Promise<void> {
  const until = Date.now() + forMs;
  do {
    await disk.fill();
    await setTimeout(AGAIN_MS);
  } while (Date.now() < until);
}

/**
 * Checks the answers given while the disk was full. It may have been full only for moments, with no
 * rejection.
 */
function judgeRefusals(lines: readonly Line[], tally: Tally): void {
  const refusals = lines.flatMap((line) => (line.what === "refused" ? [line.code] : []));
  if (refusals.length > 0) tally.add("fullDisks");
  const other = refusals.find((code) => code !== "STORE_FULL");
  if (other !== undefined)
    tally.fail(`on a full disk a call was refused with ${other}, not STORE_FULL`);
  const unread = lines.flatMap((line) =>
    line.what === "read" && line.code !== undefined ? [line.code] : [],
  );
  if (unread.length > 0)
    tally.fail(`on a full disk ${unread.length} reads failed, with ${unread[0]}`);
}

/** Waits for one more acknowledgement, with a time limit. */
async function goesOn(lines: () => readonly { readonly what: string }[]): Promise<boolean> {
  const until = Date.now() + LIMIT_MS;
  const mark = lines().length;
  const isThere = (): boolean =>
    lines()
      .slice(mark)
      .some(({ what }) => what === "ack");
  while (!isThere() && Date.now() < until) await setTimeout(AGAIN_MS);
  return isThere();
}
