/**
 * Shows a fan-out: copies each file of a folder, four at a time, and sums up the results in order.
 *
 * A file that cannot be read fails its own branch, and the others go on: up to a tenth of the files
 * may fail, and the report names the failures. The naive version at the end is billed while it
 * waits for the copies. The example creates its own folders and removes them at the end.
 *
 * With `sqlite(path)`, keep the store out of the folder: a process that copies the files of its own
 * store loses the lock on it. `engine.backup(path)` copies a store.
 */
import { embedded, fn, memory } from "handback";
import { fanOut } from "handback/patterns";
import type { FanOutReport } from "handback/patterns";
import { copyFile, mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

type Job = { from: string; to: string };
type File = Job & { name: string };

const list = fn("backup/list", async (_, job: Job): Promise<File[]> => {
  await mkdir(job.to, { recursive: true });
  return (await readdir(job.from)).sort().map((name) => ({ ...job, name }));
});

/** Copies one file. After a crash it may run again; a second copy does no harm. */
const copy = fn("backup/copy", async (_, { from, to, name }: File) => {
  await setTimeout(5); // simulates a slow disk
  await copyFile(join(from, name), join(to, name));
  return (await stat(join(to, name))).size;
});

const sumUp = fn("backup/sum-up", (_, { reason, branches }: FanOutReport<number>) => {
  let bytes = 0;
  const problems: string[] = [];
  for (const branch of branches) {
    if (branch.status === "fulfilled") bytes += branch.value;
    if (branch.status === "rejected") problems.push(branch.reason.code ?? branch.reason.message);
  }
  return { reason, copied: branches.length - problems.length, bytes, problems };
});

const backup = fanOut("backup/backup", {
  split: list,
  each: copy,
  join: sumUp,
  concurrency: 4,
  onFailure: { tolerate: "10%" },
});

/** The naive version: four workers block on one copy each, and the function is billed meanwhile. */
const naive = fn("backup/naive", { parts: [list, copy, sumUp] }, async (ctx, job: Job) => {
  const files = await ctx.get(ctx.invoke(list, job));
  const branches: FanOutReport<number>["branches"][number][] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < files.length; index = next++) {
      const copied = ctx.invoke(copy, files[index] as File);
      const [outcome] = await ctx.get(ctx.allSettled([copied]));
      branches[index] = outcome;
    }
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
  return ctx.get(ctx.invoke(sumUp, { reason: "completed", branches }));
});

const folder = await mkdtemp(join(tmpdir(), "handback-backup-"));
const from = join(folder, "from");
await mkdir(from);
for (let n = 10; n < 40; n++) await writeFile(join(from, `file-${n}.txt`), "x".repeat(n));
await mkdir(join(from, "not-a-file")); // copyFile fails on a folder, so this branch fails

const engine = await embedded({ functions: [backup, naive], store: memory() });
for (const [id, f] of [["split", backup] as const, ["naive", naive] as const]) {
  console.log(await engine.client.call(f, { from, to: join(folder, id) }, { id }));
}

for (const id of ["split", "naive"]) {
  const { billedMs, blockedMs, beta } = await engine.meter.flow(id);
  const [billed, waiting] = [billedMs.toFixed(0), blockedMs.toFixed(0)];
  console.log(`${id}: billed ${billed} ms, waiting ${waiting} ms, beta ${beta.toFixed(3)}`);
}
await engine.close();
await rm(folder, { recursive: true });
