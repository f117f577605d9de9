import { appendFileSync } from "node:fs";
import { fn } from "../src/index.ts";
import { copySource } from "./copy.ts";
import { filesOf } from "./job.ts";
import type { Job } from "./job.ts";
import { listFolder, prepareTarget } from "./listing.ts";
import type { Listing, Source } from "./listing.ts";
import { makeManifest, writeManifest } from "./manifest.ts";
import type { Entry, Manifest, Problem } from "./manifest.ts";
import { verifyCopy } from "./verify.ts";

/**
 * The backup of a folder as a workflow, twice: the same steps, first handed back as futures, then driven by a handler that blocks.
 *
 * Each step may run again after a crash, and then does the same again. What goes wrong with one file is data, not a throw:
 * the others are backed up all the same, and the outcome names it.
 *
 * The manifest travels as one value, of about 170 characters for each entry. The engine's payload limit (33,554,432) is
 * enough for 190,000 entries; a folder of more fails with PAYLOAD_TOO_LARGE, and wants one such flow for each subfolder.
 */

/** Lists the folder, and makes the target ready for it. */
const list = fn("demo/list", async (_, job: Job): Promise<Listing> => {
  const listing = await listFolder(job.folder);
  await prepareTarget(job, listing);
  return listing;
});

/** Copies one file or symbolic link, and hashes what it reads. */
export const copy = fn(
  "demo/copy",
  async (ctx, { job, source }: { job: Job; source: Source }): Promise<Entry | Problem> => {
    // Not part of what is rolled back or counts once: one line for each time that this really ran.
    appendFileSync(filesOf(job).copiesLog, `${JSON.stringify(source.path)}\n`);
    return copySource(job, source, ctx.idempotencyKey);
  },
);

/** Joins everything to the manifest, and writes it. */
const join = fn(
  "demo/join",
  async (
    _,
    { job, listing, copies }: { job: Job; listing: Listing; copies: (Entry | Problem)[] },
  ) => {
    const manifest = makeManifest(job, listing, copies);
    await writeManifest(filesOf(job).manifest, manifest);
    return manifest;
  },
);

/** Hashes one copy again, as it is on the disk now: what is wrong with it, or nothing. */
export const verify = fn("demo/verify", (_, { job, entry }: { job: Job; entry: Entry }) =>
  verifyCopy(job, entry),
);

/** Sums up. */
const conclude = fn(
  "demo/conclude",
  (_ctx, { manifest, flaws }: { manifest: Manifest; flaws: (Problem | undefined)[] }) => {
    const { entries: _, problems, ...sums } = manifest;
    return { ...sums, problems: [...problems, ...flaws.filter((flaw) => flaw !== undefined)] };
  },
);

/** The backup with futures handed back: its three handlers run once each, for milliseconds, and wait for nothing. */
export const splitBackup = fn("demo/split-backup", (ctx, job: Job) =>
  ctx.onComplete(ctx.invoke(list, job), copyAll, job),
);

const copyAll = fn(
  "demo/copy-all",
  (ctx, { result: listing, args: job }: { result: Listing; args: Job }) => {
    ctx.setStatus(planOf(listing));
    const copies = listing.sources.map((source) => ctx.invoke(copy, { job, source }));
    return ctx.onComplete(ctx.invoke(join, { job, listing, copies }), verifyAll, job);
  },
);

const verifyAll = fn(
  "demo/verify-all",
  (ctx, { result: manifest, args: job }: { result: Manifest; args: Job }) => {
    const flaws = manifest.entries.map((entry) => ctx.invoke(verify, { job, entry }));
    return ctx.invoke(conclude, { manifest, flaws });
  },
);

/** The same backup, naive: one handler that blocks on each step, and is billed while it waits. */
export const naiveBackup = fn("demo/naive-backup", async (ctx, job: Job) => {
  const listing = await ctx.get(ctx.invoke(list, job));
  ctx.setStatus(planOf(listing));
  const copies = await ctx.get(
    ctx.all(listing.sources.map((source) => ctx.invoke(copy, { job, source }))),
  );
  const manifest = await ctx.get(ctx.invoke(join, { job, listing, copies }));
  const flaws = await ctx.get(
    ctx.all(manifest.entries.map((entry) => ctx.invoke(verify, { job, entry }))),
  );
  return ctx.get(ctx.invoke(conclude, { manifest, flaws }));
});

/** What a backup says about itself while it runs. */
export type Plan = { readonly copies: number; readonly checks: number };

function planOf({ sources, directories }: Listing): Plan {
  return { copies: sources.length, checks: sources.length + directories.length };
}

/** What the engine is to host. */
export const functions = [
  splitBackup,
  copyAll,
  verifyAll,
  naiveBackup,
  list,
  copy,
  join,
  verify,
  conclude,
];
