import { spawnSync } from "node:child_process";
import { globSync, statSync } from "node:fs";

const HARNESS = "test/clusters/statefun/harness";
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
