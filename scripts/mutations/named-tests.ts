import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

/** A test by its file and its full title, as vitest prints it: `group > test`. */
export interface NamedTest {
  readonly test: string;
  readonly killedBy: string;
}

/** How the named tests ended: those that passed, those that failed; `late` when the time was up before they had all ended. */
export interface Outcome {
  readonly passed: ReadonlySet<string>;
  readonly failed: ReadonlySet<string>;
  readonly late: boolean;
}

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[];
      readonly title: string;
      readonly status: string;
    }[];
  }[];
}

/** Processes that run tests, each with a group of its own: a worker that loops for ever outlives the one that started it. */
const groups = new Set<number>();

/** What means something in a regular expression. */
const SPECIAL = /[$()*+.?[\\\]^{|}]/g;

/** Ends all test runs that are under way. */
export function endRuns(): void {
  for (const group of groups) end(group);
}

function end(group: number): void {
  try {
    process.kill(-group, "SIGKILL");
  } catch {
    // It has ended by itself just now.
  }
}

/** Names a test among those of all files. */
export function nameOf({ test, killedBy }: NamedTest): string {
  return `${test}: ${killedBy}`;
}

/** Runs the named tests of the project in `folder`, and no others, for `limitMs` at most. */
export async function runNamed(
  folder: string,
  tests: readonly NamedTest[],
  limitMs: number,
): Promise<Outcome> {
  const report = join(folder, "report.json");
  rmSync(report, { force: true });
  const files = [...new Set(tests.map(({ test }) => test))];
  const titles = [
    ...new Set(tests.map(({ killedBy }) => `^${killedBy.replaceAll(SPECIAL, "\\$&")}$`)),
  ];
  const options = ["--reporter=json", `--outputFile=${report}`, "-t", titles.join("|")];
  const child = spawn(
    join(folder, "node_modules", ".bin", "vitest"),
    ["run", ...options, ...files],
    {
      cwd: folder,
      stdio: "ignore",
      detached: true,
      // Properties try the same cases each time, so that a verdict stands.
      env: { ...process.env, LAW_SEED: "1" },
    },
  );
  const { pid } = child;
  if (pid === undefined) throw new Error("vitest cannot be started");
  groups.add(pid);
  let late = false;
  const deadline = setTimeout(() => {
    late = true;
    end(pid);
  }, limitMs);
  await once(child, "exit");
  clearTimeout(deadline);
  groups.delete(pid);
  return { ...read(report, folder), late };
}

function read(report: string, folder: string): Omit<Outcome, "late"> {
  const passed = new Set<string>();
  const failed = new Set<string>();
  for (const { name, assertionResults } of parse(report).testResults) {
    for (const { ancestorTitles, title, status } of assertionResults) {
      const test = nameOf({
        test: name.slice(folder.length + 1),
        killedBy: [...ancestorTitles, title].join(" > "),
      });
      if (status === "passed") passed.add(test);
      if (status === "failed") failed.add(test);
    }
  }
  return { passed, failed };
}

/** There is no report of a run that was ended, nor of one that could not begin. */
function parse(report: string): Report {
  try {
    return JSON.parse(readFileSync(report, "utf8")) as Report;
  } catch {
    return { testResults: [] };
  }
}
