import { Command, InvalidArgumentError } from "commander";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { embedded, HandbackError, sqlite } from "../src/index.ts";
import type { Embedded } from "../src/index.ts";
import { backup, copy } from "./backup.ts";
import { checkJob, checkTarget, DemoError, filesOf } from "./job.ts";
import type { Job } from "./job.ts";
import { drawProgress, toText } from "./report.ts";
import type { Result } from "./report.ts";

const CHECKOUT = resolve(import.meta.dirname, "..");
const DESCRIPTION = `\
Backs up a folder as a durable workflow: one function call for each file, and
every copy is verified. Kill it at any moment and run it again: it continues.
The recipe examples/folder-backup.ts shows the core of it, and what waiting costs.`;

const program = new Command("npm run demo --")
  .description(DESCRIPTION)
  .argument("[folder]", "folder to back up", toPath, join(CHECKOUT, "node_modules"))
  .option("--to <dir>", "target (default: .handback/backup/<name>)", toPath)
  .option("--json", "print one JSON object, and nothing else", false)
  .option("--concurrency <n>", "handlers that may run at the same time", Number, 8)
  .option("--store <file>", "database", toPath, join(CHECKOUT, ".handback", "demo.db"))
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  .parse();
type Options = { to?: string; json: boolean; concurrency: number; store: string };
const { to, json, concurrency, store } = program.opts<Options>();
const [folder = ""] = program.processedArgs as [string?];

try {
  const target = to ?? join(CHECKOUT, ".handback", "backup", basename(folder));
  const job = checkJob({ folder, target }, store);
  const engine = await embedded({ functions: [backup], store: sqlite(store), concurrency });
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => void engine.close());
  try {
    const result = await runBackup(engine, job);
    process.stdout.write(json ? `${JSON.stringify(result)}\n` : toText(job, result));
    if (result.problems.length > 0) process.exitCode = 1;
  } finally {
    await engine.close();
  }
} catch (error) {
  if (HandbackError.is(error, "CLOSED")) {
    process.stderr.write("\nStopped. Run the same command again, and it continues.\n");
    // A large copy may still be running. It starts again with the next run.
    process.exit(130);
  }
  const isExpected = error instanceof DemoError || HandbackError.is(error);
  if (!(error instanceof Error) || !(isExpected || "errno" in error)) throw error;
  process.stderr.write(`error: ${error.message}\n`);
  process.exitCode = 1;
}

/** Starts a backup, or attaches to the one that an earlier process began. */
async function runBackup({ client, meter }: Embedded, job: Job): Promise<Result> {
  const id = `backup-${createHash("sha256").update(job.target).digest("hex").slice(0, 16)}`;
  const resumed = await client.status(id).then(
    () => true,
    () => false,
  );
  if (!resumed) {
    checkTarget(job);
    rmSync(filesOf(job).copiesLog, { force: true });
  }
  const flow = await client.start(backup, job, { id });
  const before = countCopies(job);
  const stop = drawProgress(json ? process.stderr : process.stdout, async () => {
    const { total } = (await flow.status()).custom as { total: number };
    return { done: before + meter.function(copy.type).runs, total };
  });
  try {
    const outcome = await flow.result();
    const { startedAt, settledAt = startedAt } = await flow.status();
    const bill = await meter.flow(id);
    // Without its record, the next run starts a new backup.
    await client.purge(id);
    const wallMs = settledAt - startedAt;
    return { ...outcome, bill, wallMs, resumed, copiesRun: countCopies(job) };
  } catch (error) {
    if (!HandbackError.is(error, "CLOSED", "STORE_FULL", "STORE_FAILED")) await client.purge(id);
    throw error;
  } finally {
    stop();
  }
}

/** Counts the runs of the copy function: each has left a line in the log. */
function countCopies(job: Job): number {
  const { copiesLog } = filesOf(job);
  return existsSync(copiesLog) ? readFileSync(copiesLog, "utf8").split("\n").length - 1 : 0;
}

/** Makes a path absolute. npm runs scripts in the checkout, wherever its user is. */
function toPath(path: string): string {
  if (path === "") throw new InvalidArgumentError("Expected a path.");
  const { npm_lifecycle_event: script, INIT_CWD: where } = process.env;
  return script === "demo" && where !== undefined ? resolve(where, path) : resolve(path);
}
