/**
 * Breaks the code on purpose, one way at a time, and runs the test file that must notice: `npm run mutants [-- words]`.
 * Fails when a mutation no longer applies, or survives. Words choose the mutations whose description holds them all.
 *
 * Nothing is changed in place: all happens in a copy of the working tree, which is deleted at the end however that comes.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { MUTATIONS } from "./mutations.ts";
import type { Mutation } from "./mutations.ts";

/** A mutant may make a test loop for ever; that is noticed, too. */
const DEADLINE_MS = 120_000;
const LEFT_OUT: ReadonlySet<string> = new Set(["node_modules", ".git", "dist", "coverage", ".handback", ".generated"]);

type Verdict = "killed" | "hangs" | "SURVIVES" | "DOES NOT APPLY" | "DOES NOT RUN";

/** How a test run ended; `broken` when no test failed, and yet it was no success. */
type Outcome = "green" | "red" | "broken" | "endless";

const VERDICTS: Record<Outcome, Verdict> = { green: "SURVIVES", red: "killed", broken: "DOES NOT RUN", endless: "hangs" };

const root = resolve(import.meta.dirname, "..");
const copy = mkdtempSync(join(realpathSync(tmpdir()), "handback-mutants-"));
const report = join(copy, "report.json");
/** Ends the test run that is under way, with all its processes. */
let endRun = (): void => undefined;

process.on("exit", () => {
  endRun();
  rmSync(copy, { recursive: true, force: true });
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(1));

cpSync(root, copy, { recursive: true, filter: (path) => !LEFT_OUT.has(basename(path)) });
symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));

const words = process.argv.slice(2);
const chosen = MUTATIONS.filter(({ breaks }) => words.every((word) => breaks.includes(word)));
const tests = [...new Set(chosen.map(({ test }) => test))];
console.log(`${chosen.length} mutations of ${root}, checked by ${tests.join(", ")}`);
if ((await run(tests)) !== "green") throw new Error("the tests are not green without any mutation");

let bad = 0;
for (const mutation of chosen) {
  const startedAt = performance.now();
  const verdict = await judge(mutation);
  if (verdict !== "killed" && verdict !== "hangs") bad++;
  console.log(`${verdict.padEnd(14)} ${((performance.now() - startedAt) / 1000).toFixed(1).padStart(5)} s  ${mutation.breaks}`);
}
console.log(`\n${chosen.length - bad} passed, ${bad} failed`);
process.exitCode = bad === 0 ? 0 : 1;

async function judge({ file, find, replace, test }: Mutation): Promise<Verdict> {
  const path = join(copy, file);
  const text = readFileSync(path, "utf8");
  const parts = text.split(find);
  if (parts.length !== 2) return "DOES NOT APPLY";
  writeFileSync(path, parts.join(replace));
  try {
    return VERDICTS[await run([test])];
  } finally {
    writeFileSync(path, text);
  }
}

async function run(files: readonly string[]): Promise<Outcome> {
  rmSync(report, { force: true });
  const vitest = join(root, "node_modules", ".bin", "vitest");
  const child = spawn(vitest, ["run", "--bail=1", "--reporter=json", `--outputFile=${report}`, ...files], {
    cwd: copy,
    stdio: "ignore",
    detached: true,
  });
  let late = false;
  // A group of its own: a worker that loops for ever outlives the one that started it.
  endRun = () => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
  };
  const deadline = setTimeout(() => {
    late = true;
    endRun();
  }, DEADLINE_MS);
  const [code] = (await once(child, "exit")) as [number | null];
  clearTimeout(deadline);
  endRun = () => undefined;
  if (late) return "endless";
  return code === 0 ? "green" : hasFailedTest() ? "red" : "broken";
}

/** Whether a test failed, rather than that nothing could be run. */
function hasFailedTest(): boolean {
  try {
    return (JSON.parse(readFileSync(report, "utf8")) as { numFailedTests: number }).numFailedTests > 0;
  } catch {
    return false;
  }
}
