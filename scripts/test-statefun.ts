/**
 * Tests `handback/statefun` against the real thing: the Python SDKs, and a Flink cluster in one JVM.
 * Needs Python 3 with `venv` and `pip`, a JDK (11 or 17) and Maven. Installs the SDKs into
 * `node_modules/.cache` and builds the cluster in `test/clusters/statefun/harness/target`, once.
 *
 * Arguments name test files, and `-t` names tests. The conformance suite runs in two settings of the
 * cluster: in all with `--all`, which also compares more random flows, or in those whose names contain
 * `--settings`. Prints the results by setting. Ends with `N passed, N failed`, or with exit code 69 if
 * something is missing on this machine. The tests through a Kafka broker, which Maven gets, run with
 * `--all`, or if they are named.
 */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { buildBroker, buildHarness, runs, UNAVAILABLE } from "./build-harness.ts";
import { chooseSettings, CLUSTER_ARGUMENTS } from "./clusters/cluster-arguments.ts";
import { runVitest } from "./support/run-vitest.ts";
import { settingsTable } from "./clusters/settings-table.ts";
import type { Column } from "./clusters/settings-table.ts";
import type { HazardCounts } from "../test/clusters/statefun/support/hazards.ts";
import { chosenSettings } from "../test/clusters/statefun/support/settings.ts";

/** The Python SDKs, each with what it needs, and the variable that names its Python. */
const SDKS = [
  { variable: "STATEFUN_PYTHON", packages: ["apache-flink-statefun==3.3.0"] },
  // The code that it generated fails with newer versions of Protobuf.
  {
    variable: "STATEFUN_PYTHON_2",
    packages: ["apache-flink-statefun==2.0.0", "protobuf==3.20.3"],
  },
];

/** Counts of the failures of a cluster. */
const HAZARDS: readonly Column[] = [
  hazard("requests", "requests"),
  hazard("answers lost", "lost"),
  hazard("failures", "failures"),
  hazard("kills", "kills"),
];

const { values, positionals: files } = parseArgs({
  allowPositionals: true,
  options: CLUSTER_ARGUMENTS,
});
chooseSettings("STATEFUN_SETTINGS", values);
const withKafka = values.all === true || files.some((file) => file.includes("kafka"));
if (withKafka) process.env["STATEFUN_KAFKA"] = "true";
const needsBroker = withKafka || chosenSettings().some(({ isThroughKafka }) => isThroughKafka);

const missing = [installSdks(), buildHarness() ?? (needsBroker ? buildBroker() : undefined)]
  .filter((each) => each !== undefined)
  .join(", and ");
if (missing === "") await runTests();
else {
  console.error(`The tests of handback/statefun did not run: ${missing}.`);
  process.exitCode = UNAVAILABLE;
}

/** Installs the Python SDKs. Returns what is missing on this machine. */
function installSdks(): string | undefined {
  for (const { variable, packages } of SDKS) {
    const folder = resolve("node_modules/.cache", variable.toLowerCase().replaceAll("_", "-"));
    const python = join(folder, "bin/python");
    const why = isInstalled(python) ? undefined : install(packages, folder, python);
    if (why !== undefined) return why;
    process.env[variable] = python;
  }
  return undefined;
}

function install(packages: readonly string[], folder: string, python: string): string | undefined {
  const names = packages.join(" and ");
  if (!runs("python3", ["--version"])) return "there is no python3 on the path";
  if (!runs("python3", ["-m", "venv", "--clear", folder])) return "python3 has no module venv";
  if (!runs(python, ["-m", "pip", "install", "--quiet", ...packages]))
    return `pip cannot install ${names}`;
  return isInstalled(python) ? undefined : `${names} does not load`;
}

function isInstalled(python: string): boolean {
  return existsSync(python) && runs(python, ["-c", "import statefun"]);
}

async function runTests(): Promise<void> {
  await runVitest({
    config: "vitest.statefun.config.ts",
    folder: "test/clusters/statefun",
    files,
    name: values.t,
    summary: (modules) => settingsTable(modules, HAZARDS),
  });
}

/** Makes a column with the largest count that the tests of a setting have seen. */
function hazard(title: string, count: keyof HazardCounts): Column {
  return {
    title,
    of: (tests) => Math.max(0, ...tests.map((test) => test.meta().hazards?.[count] ?? 0)),
  };
}
