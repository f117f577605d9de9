/**
 * Runs every check in order, stops at the first that fails, and ends with a line `N passed, N failed`.
 * A check counts as one; the tests of vitest count one by one.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface Count {
  readonly passed: number;
  readonly failed: number;
}

const checks: readonly (readonly [name: string, command: string])[] = [
  // By its path: the command `tsc` may be that of TypeScript 6, which builds the API reference.
  ["types", "node node_modules/typescript/bin/tsc -p ."],
  ["lint", "oxlint"],
  ["format", "oxfmt --check"],
  ["unused code", "knip --no-progress"],
];

/** Their tests install the package and compile programs. `npm run test:hosts` runs them. */
const HOSTS_LEFT_OUT = ["--exclude", "test/hosts/**"];

let passed = 0;
let failed = 0;

for (const [name, command] of checks) {
  const ok = run(name, command);
  if (ok) passed++;
  else failed++;
  if (!ok) break;
}
if (failed === 0) {
  const tests = runTests();
  passed += tests.passed;
  failed += tests.failed;
}
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

function run(name: string, command: string): boolean {
  const [program = "", ...args] = command.split(" ");
  console.log(`\n== ${name}: ${command}`);
  const result = spawnSync(program, args, { stdio: ["ignore", "inherit", "inherit"] });
  if (result.error) console.error(result.error.message);
  return result.status === 0;
}

function runTests(): Count {
  const folder = mkdtempSync(join(tmpdir(), "handback-test-"));
  try {
    const report = join(folder, "report.json");
    const chosen = process.argv.slice(2);
    const ok = run(
      "tests",
      [
        "vitest run --reporter=default --reporter=json",
        `--outputFile.json=${report}`,
        ...(chosen.length > 0 ? chosen : HOSTS_LEFT_OUT),
      ].join(" "),
    );
    const count = readReport(report);
    // A run may fail without a failing test: an unhandled rejection, a file that does not load.
    return ok ? count : { passed: count.passed, failed: Math.max(1, count.failed) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readReport(path: string): Count {
  try {
    const report = JSON.parse(readFileSync(path, "utf8")) as {
      numPassedTests: number;
      numFailedTests: number;
    };
    return { passed: report.numPassedTests, failed: report.numFailedTests };
  } catch {
    return { passed: 0, failed: 1 };
  }
}
