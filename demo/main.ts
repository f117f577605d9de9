import { embedded, HandbackError, sqlite } from "../src/index.ts";
import { readArguments } from "./arguments.ts";
import type { Arguments } from "./arguments.ts";
import { backups } from "./backups.ts";
import { DemoError } from "./failure.ts";
import { checkPlaces } from "./places.ts";
import { Progress } from "./progress.ts";
import { toJson, toProblems, toText } from "./report.ts";
import { compareBackups } from "./run.ts";
import { functions } from "./workflow.ts";

/** Ctrl-C, or a polite request to end. */
class Interruption extends Error {}

const interrupted = Promise.withResolvers<never>();
interrupted.promise.catch(() => undefined);
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => interrupted.reject(new Interruption()));

try {
  await main(readArguments(process.argv.slice(2)));
} catch (error) {
  if (error instanceof Interruption) {
    process.stderr.write(
      "\nStopped in good order. Run the same command again, and it goes on where it was.\n",
    );
    // A large file may still be on its way; its copy is made anew then.
    process.exit(130);
  }
  process.stderr.write(`error: ${explain(error)}\n`);
  process.exitCode = 1;
}

async function main({
  folder,
  target,
  store,
  json,
  concurrency,
  withNaive,
}: Arguments): Promise<void> {
  const job = checkPlaces(folder, target, store);
  const engine = await embedded({
    functions: [...functions, backups],
    store: sqlite(store),
    concurrency,
  });
  try {
    const progress = new Progress(engine.meter, json ? process.stderr : process.stdout);
    const comparison = await Promise.race([
      compareBackups(engine, job, { progress, withNaive }),
      interrupted.promise,
    ]);
    process.stdout.write(
      json ? `${JSON.stringify(toJson(job, comparison))}\n` : toText(job, comparison),
    );
    const { problems } = comparison.split.outcome;
    if (problems.length === 0) return;
    process.stderr.write(toProblems(problems));
    process.exitCode = 1;
  } finally {
    await engine.close();
  }
}

function explain(error: unknown): string {
  if (error instanceof DemoError || HandbackError.is(error)) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
