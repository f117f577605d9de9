import { spawnSync } from "node:child_process";
import { globSync, rmSync, statSync } from "node:fs";

const HARNESS = "test/clusters/statefun/harness";
const BROKER = "test/clusters/statefun/broker";
/** The exit code for "a service is not available", of `sysexits.h`. */
export const UNAVAILABLE = 69;

/** Oldest Java that runs the cluster. */
const OLDEST_JAVA = 11;

/** Builds the cluster for tests, if its sources are newer. Returns what is missing on this machine. */
export function buildHarness(): string | undefined {
  const withoutJava = missingJava();
  const withoutMaven = isBuilt() || runs("mvn", ["--version"]) ? undefined : NO_MAVEN;
  const missing = [withoutJava, withoutMaven].filter((each) => each !== undefined);
  if (missing.length > 0) return missing.join(", and ");
  return isBuilt() ? undefined : packageOf(HARNESS, "build the cluster", isBuilt);
}

const NO_MAVEN = "there is no mvn (Maven) on the path";

function missingJava(): string | undefined {
  const { status, stderr } = spawnSync("java", ["-version"], { encoding: "utf8" });
  if (status !== 0) return "there is no java (a JDK 11 or 17) on the path";
  const version = Number(/version "(?:1\.)?(\d+)/.exec(stderr)?.[1] ?? OLDEST_JAVA);
  return version < OLDEST_JAVA ? `java is version ${version}; expected a JDK 11 or 17` : undefined;
}

/** Runs Maven. Returns why it failed, with the beginning of its errors. */
function packageOf(folder: string, doing: string, isDone: () => boolean): string | undefined {
  const options = ["--quiet", "--batch-mode", "--file", folder, "package"];
  const { status, stdout } = spawnSync("mvn", options, { encoding: "utf8" });
  if (status === 0 && isDone()) return undefined;
  const errors = (stdout ?? "").trim().split("\n").slice(0, 8).join("\n");
  return `Maven cannot ${doing}:\n${errors}`;
}

/** Gets the Kafka broker for tests, once. Returns what is missing on this machine. */
export function buildBroker(): string | undefined {
  const library = `${BROKER}/target/lib`;
  const isThere = (): boolean => {
    const built = statSync(library, { throwIfNoEntry: false });
    return built !== undefined && statSync(`${BROKER}/pom.xml`).mtimeMs < built.mtimeMs;
  };
  if (isThere()) return undefined;
  if (!runs("mvn", ["--version"])) return NO_MAVEN;
  // Maven leaves a folder untouched that has all files.
  rmSync(library, { recursive: true, force: true });
  return packageOf(BROKER, "get the Kafka broker", isThere);
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
