/**
 * Tests `handback/statefun` against the real thing: the Python SDK, and a Flink cluster in one JVM.
 * Needs Python 3 with `venv` and `pip`, a JDK (11 or 17) and Maven. Installs the SDK into
 * `node_modules/.cache` and builds the cluster in `test/clusters/statefun/harness/target`, once.
 *
 * Arguments name test files. Ends with `N passed, N failed`, or with exit code 69 if something is
 * missing on this machine.
 */
import { spawnSync } from "node:child_process";
import { existsSync, globSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { startVitest } from "vitest/node";

const SDK = "apache-flink-statefun==3.3.0";
const HARNESS = "test/clusters/statefun/harness";
/** The code for "a service is not available", of `sysexits.h`. */
const UNAVAILABLE = 69;

const folder = resolve("node_modules/.cache/statefun-python");
const python = join(folder, "bin/python");
const missing = installSdk() ?? buildHarness();
if (missing === undefined) await runTests();
else {
  console.error(`The tests of handback/statefun did not run: ${missing}.`);
  process.exitCode = UNAVAILABLE;
}

/** Installs the Python SDK. Returns what is missing on this machine. */
function installSdk(): string | undefined {
  if (isInstalled()) return undefined;
  if (!runs("python3", ["--version"])) return "there is no python3 on the path";
  if (!runs("python3", ["-m", "venv", "--clear", folder])) return "python3 has no module venv";
  if (!runs(python, ["-m", "pip", "install", "--quiet", SDK])) return `pip cannot install ${SDK}`;
  return isInstalled() ? undefined : `${SDK} does not load`;
}

function isInstalled(): boolean {
  return existsSync(python) && runs(python, ["-c", "import statefun"]);
}

/** Builds the cluster. Returns what is missing on this machine. */
function buildHarness(): string | undefined {
  if (!runs("java", ["-version"])) return "there is no java on the path";
  if (isBuilt()) return undefined;
  if (!runs("mvn", ["--version"])) return "there is no mvn on the path";
  const isDone = runs("mvn", ["--quiet", "--batch-mode", "--file", HARNESS, "package"]);
  return isDone && isBuilt() ? undefined : "Maven cannot build the cluster";
}

/** Tells whether the cluster is newer than its sources. */
function isBuilt(): boolean {
  const built = statSync(`${HARNESS}/target/harness.jar`, { throwIfNoEntry: false });
  const sources = [`${HARNESS}/pom.xml`, ...globSync(`${HARNESS}/src/**/*.java`)];
  return built !== undefined && sources.every((file) => statSync(file).mtimeMs < built.mtimeMs);
}

function runs(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: ["ignore", "ignore", "ignore"] }).status === 0;
}

async function runTests(): Promise<void> {
  process.env["STATEFUN_PYTHON"] = python;
  const files = process.argv.slice(2);
  const vitest = await startVitest(files.length > 0 ? files : ["test/clusters/statefun"], {
    watch: false,
    config: "vitest.clusters.config.ts",
  });
  const tests = vitest.state.getTestModules().flatMap((module) => [...module.children.allTests()]);
  const passed = tests.filter((test) => test.result().state === "passed").length;
  const isClean = tests.length > 0 && vitest.state.getCountOfFailedTests() === 0;
  await vitest.close();
  const failed = isClean ? tests.length - passed : Math.max(1, tests.length - passed);
  console.log(`\n${passed} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
}
