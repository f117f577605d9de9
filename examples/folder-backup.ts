/**
 * Shows a fan-out: each file of a folder is copied, four at a time, and the join sums up what came of it, in the order of the files.
 *
 * A file that cannot be read fails its own branch, and the others go on: the policy tolerates a tenth of them, and the report says which.
 * The naive twin at the end is billed while it waits for the copies. The folder and the backup are made for the occasion, and removed.
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

/** Copies one file. It may run again after a crash, and then does the same again. */
const copy = fn("backup/copy", async (_, { from, to, name }: File) => {
  await setTimeout(5); // as if the disk were slow
  await copyFile(join(from, name), join(to, name));
  return (await stat(join(to, name))).size;
});

const sumUp = fn("backup/sum-up", (_, { reason, branches }: FanOutReport<number>) => {
  const sizes = branches.map((each) => (each.status === "fulfilled" ? each.value : 0));
  const problems = branches.flatMap((each) =>
    each.status === "rejected" ? [each.reason.code ?? each.reason.message] : [],
  );
  return {
    reason,
    copied: branches.length - problems.length,
    bytes: sizes.reduce((sum, size) => sum + size, 0),
    problems,
  };
});

const backup = fanOut("backup/backup", {
  split: list,
  each: copy,
  join: sumUp,
  concurrency: 4,
  onFailure: { tolerate: "10%" },
});

/** The same, naive: four loops that block on a copy each, and a function that is billed until the last of them is done. */
const naive = fn("backup/naive", { parts: [list, copy, sumUp] }, async (ctx, job: Job) => {
  const files = await ctx.get(ctx.invoke(list, job));
  const branches: FanOutReport<number>["branches"][number][] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let at = next++; at < files.length; at = next++) {
      const [outcome] = await ctx.get(ctx.allSettled([ctx.invoke(copy, files[at] as File)]));
      branches[at] = outcome;
    }
  };
  await Promise.all([lane(), lane(), lane(), lane()]);
  return ctx.get(ctx.invoke(sumUp, { reason: "completed", branches }));
});

const folder = await mkdtemp(join(tmpdir(), "handback-backup-"));
const from = join(folder, "from");
await mkdir(from);
for (let n = 10; n < 40; n++) await writeFile(join(from, `file-${n}.txt`), "x".repeat(n));
await mkdir(join(from, "not-a-file")); // cannot be copied as a file: one branch fails

const engine = await embedded({ functions: [backup, naive], store: memory() });
console.log(await engine.client.call(backup, { from, to: join(folder, "split") }, { id: "split" }));
console.log(await engine.client.call(naive, { from, to: join(folder, "naive") }, { id: "naive" }));

for (const id of ["split", "naive"]) {
  const { billedMs, blockedMs, beta } = await engine.meter.flow(id);
  console.log(
    `${id}: billed ${billedMs.toFixed(0)} ms, ${blockedMs.toFixed(0)} of them for waiting, beta ${beta.toFixed(3)}`,
  );
}
await engine.close();
await rm(folder, { recursive: true });
