import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { SeededRandom } from "../../../src/testing/simulation/faults/seeded-random.ts";
import type { Entry } from "../../ledger/entry.ts";
import { Ledger } from "../../ledger/ledger.ts";
import { verify } from "../../checker/verify.ts";
import type { Tally } from "../../trial/tally.ts";
import type { Trial } from "../../trial/trial.ts";
import { missingTools } from "../missing-tools.ts";
import { failing } from "../strace.ts";
import type { SystemCall } from "../strace.ts";
import { workFor } from "../work-for.ts";

/**
 * The call on the store that fails: its kind, the ending of its file, its number at most, and the
 * duration of the work.
 */
interface Fault {
  readonly call: SystemCall;
  readonly of: string;
  readonly calls: number;
  readonly workMs: number;
}

/** Writes to the file happen when the log is long, and when the store opens or closes. */
const FAULTS: readonly Fault[] = [
  { call: "flush", of: "-wal", calls: 100, workMs: 1_500 },
  { call: "pwrite64", of: "-wal", calls: 1_000, workMs: 1_500 },
  { call: "flush", of: "", calls: 4, workMs: 6_000 },
  { call: "pwrite64", of: "", calls: 100, workMs: 6_000 },
];

const LONGEST_MS = 20_000;
/**
 * The log is flushed, so work may continue until the engine learns that the log could not be copied
 * into the file.
 */
const NEWS_MS = 250;
const STOPPED = 3;
const SHUT = 4;
/** A high rate, so that the log becomes long. */
const RATE = 2_000;

/**
 * A write or a flush fails, once or from then on. The engine stops. A failed flush is not retried,
 * because the system may have dropped the data and would then report success. Work acknowledged
 * before is stored.
 */
export const failingDisk: Trial = {
  name: "eio",
  about: "writes and flushes that fail",
  rows: [
    { count: "failedWrites", label: "writes and flushes that failed (EIO)" },
    { count: "failedWritesVoid", label: "void: the call was never made" },
  ],
  missing: () => Promise.resolve(missingTools("strace")),
  async run({ seed, folder, until, tally }) {
    const random = new SeededRandom(seed);
    const end = Math.min(until, Date.now() + LONGEST_MS);
    for (let store = 1; Date.now() < end; store++) {
      const place = join(folder, `store-${store}`);
      await mkdir(place);
      const ledger = new Ledger({ seed: seed + store, file: join(place, "ledger.jsonl") });
      const path = join(place, "store.db");
      await failOnce({ path, ledger, random, tally });
      tally.judge(await verify({ path, ledger }));
      ledger.close();
    }
  },
};

interface Store {
  readonly path: string;
  readonly ledger: Ledger;
  readonly random: SeededRandom;
  readonly tally: Tally;
}

/** Lets a process work on a new store with a failing write or flush, and judges its reaction. */
async function failOnce({ path, ledger, random, tally }: Store): Promise<void> {
  const { call, of, calls, workMs } = FAULTS[random.below(FAULTS.length)] as Fault;
  const [first, log] = [1 + random.below(calls), `${path}-calls`];
  const wrap = failing(
    { call, files: [`${path}${of}`], first, last: random.chance(0.5) ? first : Infinity, log },
    "EIO",
  );
  const {
    code,
    hung,
    complaints,
    askedAt = Infinity,
  } = await workFor(workMs, { path, ledger, wrap, rate: RATE });
  const { failedAt, after } = readLog(await readFile(log, "utf8"));
  if (failedAt === undefined) return tally.add("failedWritesVoid");
  tally.add("failedWrites");
  const what = `${call} number ${first} of ${path}${of} failed`;
  if (hung) return tally.fail(`${what}, and the process did not end`);
  const acknowledged = countAcknowledged(ledger.entries, failedAt + (of === "" ? NEWS_MS : 0));
  if (acknowledged > 0)
    tally.fail(`${what}, and ${acknowledged} requests were made and acknowledged after that`);
  // While a store closes, data that is not in the file is still in the log.
  if (failedAt > askedAt) return;
  if (code !== STOPPED && code !== SHUT)
    tally.fail(
      `${what}, and the process ended with code ${code}, not because of it: ${complaints}`,
    );
  if (call === "flush" && code === STOPPED && after > 0)
    tally.fail(`${what}, and the file was flushed again ${after} times`);
}

/**
 * Reads the instant (ms since the epoch) of the first failed call, if any, and the number of later
 * calls that succeeded.
 */
function readLog(text: string): { readonly failedAt?: number; readonly after: number } {
  const lines = text.split("\n");
  const failed = lines.findIndex((line) => line.includes("(INJECTED)"));
  if (failed < 0) return { after: 0 };
  const at = /\d{10}\.\d+/u.exec(lines[failed] ?? "")?.[0];
  return {
    failedAt: Number(at) * 1_000,
    after: lines.slice(failed + 1).filter((line) => / = \d/u.test(line)).length,
  };
}

/**
 * Counts the requests that one process made after an instant, and that were acknowledged anyway.
 */
function countAcknowledged(entries: readonly Entry[], instant: number): number {
  const made = new Set(
    entries.flatMap((entry) =>
      entry.what === "intend" && entry.at > Math.ceil(instant) ? [entry.request] : [],
    ),
  );
  return entries.filter((entry) => entry.what === "ack" && made.has(entry.request)).length;
}
