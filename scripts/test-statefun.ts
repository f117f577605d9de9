/**
 * Compares this library with the Python SDK of Flink Stateful Functions: `npm run test:statefun`.
 * Needs Python 3 with `venv` and `pip`. Installs the SDK into `node_modules/.cache`, once. Ends with
 * `N passed, N failed`, or with exit code 69 if Python is missing.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { startVitest } from "vitest/node";

const SDK = "apache-flink-statefun==3.3.0";
/** The code for "a service is not available", of `sysexits.h`. */
const UNAVAILABLE = 69;

const folder = resolve("node_modules/.cache/statefun-python");
const python = join(folder, "bin/python");
const missing = install();
if (missing === undefined) await compare();
else {
  console.error(`The comparison with the Python SDK did not run: ${missing}`);
  process.exitCode = UNAVAILABLE;
}

/** Installs the SDK. Returns what is missing on this machine. */
function install(): string | undefined {
  if (isInstalled()) return undefined;
  if (!runs("python3", ["--version"])) return "there is no python3 on the path";
  if (!runs("python3", ["-m", "venv", "--clear", folder])) return "python3 has no module venv";
  if (!runs(python, ["-m", "pip", "install", "--quiet", SDK])) return `pip cannot install ${SDK}`;
  return isInstalled() ? undefined : `${SDK} does not load`;
}

function isInstalled(): boolean {
  return existsSync(python) && runs(python, ["-c", "import statefun"]);
}

function runs(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: ["ignore", "ignore", "inherit"] }).status === 0;
}

async function compare(): Promise<void> {
  process.env["STATEFUN_PYTHON"] = python;
  const vitest = await startVitest(["test/clusters/statefun"], {
    watch: false,
    include: ["test/clusters/**/*.test.ts"],
    exclude: [],
  });
  const tests = vitest.state.getTestModules().flatMap((module) => [...module.children.allTests()]);
  const passed = tests.filter((test) => test.result().state === "passed").length;
  const failed = Math.max(tests.length - passed, vitest.state.getCountOfFailedTests());
  await vitest.close();
  console.log(`\n${passed} passed, ${tests.length === 0 ? 1 : failed} failed`);
  if (failed > 0 || tests.length === 0) process.exitCode = 1;
}
