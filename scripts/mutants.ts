/**
 * Breaks the code on purpose, one way at a time, and runs the test that must notice: `npm run
 * mutants [-- words]`. Fails if a mutation no longer applies, or its test does not fail. Words
 * select the mutations whose description contains them all.
 *
 * All changes are made in copies of the working tree, which are always deleted at the end.
 */
import {
  cpSync,
  globSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { MUTATIONS } from "./mutations.ts";
import { locate } from "./mutations/locate.ts";
import type { Mutation } from "./mutations/mutation.ts";
import { endRuns, nameOf, runNamed } from "./mutations/named-tests.ts";

/** Number of concurrent mutations. More would compete with the workers of their tests. */
const AT_ONCE = 2;
/** Time limit, because a mutant may make a test loop forever. A timeout is no test failure. */
const DEADLINE_MS = 60_000;
/** Time limit of all tests on unbroken code. */
const WHOLE_DEADLINE_MS = 300_000;
const LEFT_OUT: ReadonlySet<string> = new Set([
  "node_modules",
  ".git",
  "dist",
  "coverage",
  ".handback",
  ".generated",
]);

type Verdict = "killed" | "HANGS" | "SURVIVES" | "DOES NOT APPLY" | "DOES NOT RUN";

const root = resolve(import.meta.dirname, "..");
const copies = mkdtempSync(join(realpathSync(tmpdir()), "handback-mutants-"));

process.on("exit", () => {
  endRuns();
  rmSync(copies, { recursive: true, force: true });
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.on(signal, () => process.exit(1));

const sources = readSources();
const words = process.argv.slice(2);
const chosen = MUTATIONS.filter(({ breaks }) => words.every((word) => breaks.includes(word)));
if (chosen.length === 0)
  throw new Error(`no mutation has all of these words in its name: ${words.join(" ")}`);
const folders = Array.from({ length: AT_ONCE }, (_, index) => copyTo(join(copies, String(index))));

console.log(`${chosen.length} mutations of ${root}`);
await checkWhole();
const waiting = chosen.values();
let killed = 0;
await Promise.all(folders.map(tryEach));
console.log(`\n${killed} passed, ${chosen.length - killed} failed`);
process.exitCode = killed === chosen.length ? 0 : 1;

function copyTo(folder: string): string {
  cpSync(root, folder, { recursive: true, filter: (path) => !LEFT_OUT.has(basename(path)) });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  return folder;
}

/** A test that fails on unbroken code proves nothing. */
async function checkWhole(): Promise<void> {
  const [folder = ""] = folders;
  const { passed, failed } = await runNamed(folder, chosen, WHOLE_DEADLINE_MS);
  const missing = new Set(
    chosen.map(nameOf).filter((name) => !passed.has(name) || failed.has(name)),
  );
  for (const name of missing)
    console.log(`${failed.has(name) ? "FAILS" : "IS NOT THERE"}  ${name}`);
  if (missing.size > 0) throw new Error("not all tests pass without any mutation");
}

/** Tries mutations in one copy, until none is left. */
async function tryEach(folder: string): Promise<void> {
  for (const mutation of waiting) {
    const startedAt = performance.now();
    const verdict = await judge(folder, mutation);
    if (verdict === "killed") killed++;
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1).padStart(5);
    console.log(
      `${verdict.padEnd(14)} ${seconds} s  ${mutation.breaks}\n${" ".repeat(24)}${nameOf(mutation)}`,
    );
  }
}

async function judge(folder: string, mutation: Mutation): Promise<Verdict> {
  const place = locate(sources, mutation);
  if (place === undefined) return "DOES NOT APPLY";
  const path = join(folder, place.path);
  const text = readFileSync(path, "utf8");
  writeFileSync(path, text.slice(0, place.start) + place.replacement + text.slice(place.end));
  try {
    const { passed, failed, late } = await runNamed(folder, [mutation], DEADLINE_MS);
    if (late) return "HANGS";
    const name = nameOf(mutation);
    return failed.has(name) ? "killed" : passed.has(name) ? "SURVIVES" : "DOES NOT RUN";
  } finally {
    writeFileSync(path, text);
  }
}

/** Reads the files that mutations may change, by path. */
function readSources(): ReadonlyMap<string, string> {
  const paths = globSync("src/**/*.ts", { cwd: root });
  return new Map(paths.map((path) => [path, readFileSync(join(root, path), "utf8")]));
}
