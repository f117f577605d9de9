import { spawnSync } from "node:child_process";
import { globSync, rmSync, statSync } from "node:fs";

const HARNESS = "test/clusters/statefun/harness";
const BROKER = "test/clusters/statefun/broker";
/** The exit code for "a service is not available", of `sysexits.h`. */
export const UNAVAILABLE = 69;

/** Builds the cluster for tests, if its sources are newer. Returns what is missing on this machine. */
export function buildHarness(): string | undefined {
  if (!runs("java", ["-version"])) return "there is no java on the path";
  if (isBuilt()) return undefined;
  if (!runs("mvn", ["--version"])) return "there is no mvn on the path";
  const isDone = runs("mvn", ["--quiet", "--batch-mode", "--file", HARNESS, "package"]);
  return isDone && isBuilt() ? undefined : "Maven cannot build the cluster";
}

/** Gets the Kafka broker for tests, once. Returns what is missing on this machine. */
export function buildBroker(): string | undefined {
  const library = `${BROKER}/target/lib`;
  const isThere = (): boolean => {
    const built = statSync(library, { throwIfNoEntry: false });
    return built !== undefined && statSync(`${BROKER}/pom.xml`).mtimeMs < built.mtimeMs;
  };
  if (isThere()) return undefined;
  if (!runs("mvn", ["--version"])) return "there is no mvn on the path";
  // Maven leaves a folder untouched that has all files.
  rmSync(library, { recursive: true, force: true });
  const isDone = runs("mvn", ["--quiet", "--batch-mode", "--file", BROKER, "package"]);
  return isDone && isThere() ? undefined : "Maven cannot get the Kafka broker";
}

/** Tells whether the cluster is newer than its sources. */
function isBuilt(): boolean {
  const built = statSync(`${HARNESS}/target/harness.jar`, { throwIfNoEntry: false });
  const sources = [`${HARNESS}/pom.xml`, ...globSync(`${HARNESS}/src/**/*.java`)];
  return built !== undefined && sources.every((file) => statSync(file).mtimeMs < built.mtimeMs);
}

/** Runs a program without output. Returns whether it ended well. */
export function runs(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: ["ignore", "ignore", "ignore"] }).status === 0;
}
