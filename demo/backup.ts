import { appendFileSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { fn } from "../src/index.ts";
import { fanOut } from "../src/patterns/index.ts";
import { copySource, listFolder, prepareTarget } from "./files.ts";
import type { Entry, Item, Problem } from "./files.ts";
import { filesOf } from "./job.ts";
import type { Job } from "./job.ts";

/*
 * The backup of a folder as a durable workflow. Each step may run again after a crash, and then
 * does the same again. A failed file is data, not a throw, so the others are backed up.
 */

/** Lists the folder, and prepares the target. */
const list = fn("demo/list", async (ctx, job: Job) => {
  const items = await listFolder(job.folder);
  await prepareTarget(job.target, items);
  ctx.setStatus({ total: items.length });
  return items.map((item) => ({ job, item }));
});

/** Copies one item. */
export const copy = fn(
  "demo/copy",
  async (ctx, { job, item }: { job: Job; item: Item }): Promise<Entry | Problem> => {
    if ("problem" in item || item.kind === "directory") return item;
    // The log counts every run of this handler, including those that a crash cut off.
    appendFileSync(filesOf(job).copiesLog, `${JSON.stringify(item.path)}\n`);
    return copySource(job, item, ctx.idempotencyKey);
  },
);

/** Writes the manifest, and sums up. */
const conclude = fn(
  "demo/conclude",
  async (_, { result, args: job }: { result: readonly (Entry | Problem)[]; args: Job }) => {
    const entries = result.filter((each) => "kind" in each);
    const problems = result.filter((each) => "problem" in each);
    const files = entries.filter(({ kind }) => kind === "file");
    const sums = {
      files: files.length,
      bytes: files.reduce((sum, { bytes = 0 }) => sum + bytes, 0),
      problems,
    };
    const { manifest } = filesOf(job);
    const text = JSON.stringify({ folder: job.folder, ...sums, entries }, null, 1);
    await writeFile(`${manifest}.part`, text, { flush: true });
    await rename(`${manifest}.part`, manifest);
    return sums;
  },
);

const copyAll = fanOut("demo/copy-all", { split: list, each: copy });

/** The backup with futures handed back: its handlers run for milliseconds, and never wait. */
export const backup = fn("demo/backup", { parts: [copyAll, conclude] }, (ctx, job: Job) =>
  ctx.onComplete(ctx.invoke(copyAll, job), conclude, job),
);
