import { createHash } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { HandbackError } from "../src/index.ts";
import type { Embedded, FlowBill, OutputOf } from "../src/index.ts";
import { backups } from "./backups.ts";
import { DemoError } from "./failure.ts";
import { filesOf, naiveTwin } from "./job.ts";
import type { Job } from "./job.ts";
import { checkEmpty, show } from "./places.ts";
import type { Follow, Progress } from "./progress.ts";
import { naiveBackup, splitBackup } from "./workflow.ts";

/** What one version of the backup came to. */
export interface Run {
  readonly outcome: OutputOf<typeof splitBackup>;
  readonly bill: FlowBill;
  /** From the flow's start to its end, interruptions included. */
  readonly wallMs: number;
}

/** What the demo came to. */
export interface Comparison {
  readonly split: Run;
  readonly naive: Run | undefined;
  /** An earlier process had begun this backup. */
  readonly resumed: boolean;
  /** How often the copy function really ran for the split backup, over all processes. */
  readonly copiesRun: number;
  /** How many of those were for a file that had been begun before. */
  readonly copiesAgain: number;
}

/** How {@link compareBackups} goes about it. */
export interface CompareOptions {
  readonly progress: Progress;
  /** Whether the naive version runs as well. */
  readonly withNaive: boolean;
}

/** Makes the backup, or goes on with the one that was interrupted; then the naive one, which is removed again. */
export async function compareBackups(
  engine: Embedded,
  job: Job,
  { progress, withNaive }: CompareOptions,
): Promise<Comparison> {
  const { client } = engine;
  const id = createHash("sha256").update(job.target).digest("hex").slice(0, 16);
  const run =
    (await findUnfinished(engine, id, job)) ??
    (await client.call(backups.begin, job.folder, { id }));
  try {
    const { resumed, ...split } = await runFlow(engine, splitBackup, {
      job,
      key: `split-${id}-${run}`,
      follow: progress.of(""),
    });
    const copies = readCopiesLog(job);
    const naive = await runNaive(engine, job, { key: `naive-${id}-${run}`, progress, withNaive });
    await client.call(backups.end, run, { id });
    return {
      split,
      naive,
      resumed,
      copiesRun: copies.length,
      copiesAgain: copies.length - new Set(copies).size,
    };
  } catch (error) {
    // A backup that failed is over; one whose engine stopped goes on.
    if (!HandbackError.is(error, "CLOSED", "STORE_FULL", "STORE_FAILED"))
      await client.call(backups.end, run, { id });
    throw error;
  }
}

interface FlowOptions {
  readonly job: Job;
  /** Names this one backup: a second start, by whichever process, attaches to the first. */
  readonly key: string;
  readonly follow: Follow;
}

async function runFlow(
  engine: Embedded,
  backup: typeof splitBackup,
  { job, key, follow }: FlowOptions,
): Promise<Run & { resumed: boolean }> {
  const resumed = await isKnown(engine, key);
  if (!resumed) rmSync(filesOf(job).copiesLog, { force: true });
  const flow = await engine.client.start(backup, job, { id: key });
  const unfollow = follow(flow, readCopiesLog(job).length);
  try {
    const outcome = await flow.result();
    const { startedAt, settledAt = startedAt } = await flow.status();
    return { outcome, bill: await engine.meter.flow(key), wallMs: settledAt - startedAt, resumed };
  } finally {
    unfollow();
  }
}

async function runNaive(
  engine: Embedded,
  job: Job,
  { key, progress, withNaive }: CompareOptions & { key: string },
): Promise<Run | undefined> {
  // One that was begun goes on in any case.
  if (!withNaive && !(await isKnown(engine, key))) return undefined;
  const twin = naiveTwin(job);
  const naive = await runFlow(engine, naiveBackup, {
    job: twin,
    key,
    follow: progress.of("naive: "),
  });
  for (const path of [twin.target, ...Object.values(filesOf(twin))])
    rmSync(path, { recursive: true, force: true });
  return naive;
}

async function isKnown({ client }: Embedded, key: string): Promise<boolean> {
  try {
    await client.status(key);
    return true;
  } catch (error) {
    if (HandbackError.is(error, "NOT_FOUND")) return false;
    throw error;
  }
}

/**
 * Finds the number of the backup that is to go on, if there is one: at once, while a call would wait behind its copies.
 * A target belongs to one folder; what else is found there would be removed, so there must be nothing.
 */
async function findUnfinished(
  { client }: Embedded,
  id: string,
  job: Job,
): Promise<number | undefined> {
  const known = await client.readState(backups, id).catch((error: unknown) => {
    if (HandbackError.is(error, "NOT_FOUND")) return undefined;
    throw error;
  });
  if (known?.folder === job.folder) return known.running ? known.run : undefined;
  if (known?.running === true) {
    throw new DemoError(
      `an unfinished backup of ${show(known.folder)} goes to ${show(job.target)}; finish that, or choose another place with --to`,
    );
  }
  for (const place of [job.target, naiveTwin(job).target]) checkEmpty(place);
  return undefined;
}

/** Every run of the copy function has left a line in the log: the file's path. */
function readCopiesLog(job: Job): readonly string[] {
  try {
    return readFileSync(filesOf(job).copiesLog, "utf8").split("\n").slice(0, -1);
  } catch {
    return [];
  }
}
