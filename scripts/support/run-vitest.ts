import { startVitest } from "vitest/node";
import type { TestModule } from "vitest/node";

/** A choice of tests that a script of their own runs. */
export interface ChosenTests {
  /** File that configures them. Default: `vitest.config.ts`. */
  readonly config?: string;
  /** Folder of the tests that run if no files are named. */
  readonly folder: string;
  /** Words in the names of test files. */
  readonly files: readonly string[];
  /** Pattern of the names of the tests to run. Default: all of them. */
  readonly name?: string | undefined;
  /** Makes a text from the results, to print before the counts. */
  readonly summary?: (modules: readonly TestModule[]) => string | undefined;
}

/**
 * Runs tests, and ends with `N passed, N failed`. A skipped test counts as failed, except if `name`
 * leaves it out. An error outside of all tests, such as an unhandled rejection, counts as one more.
 */
export async function runVitest(chosen: ChosenTests): Promise<void> {
  const { config, folder, files, name, summary } = chosen;
  const vitest = await startVitest(files.length > 0 ? [...files] : [folder], {
    watch: false,
    ...(config !== undefined && { config }),
    ...(name !== undefined && { testNamePattern: name }),
  });
  const modules = vitest.state.getTestModules();
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const passed = tests.filter((test) => test.result().state === "passed").length;
  const skipped = tests.filter((test) => test.result().state === "skipped").length;
  const isClean = passed > 0 && vitest.state.getCountOfFailedTests() === 0;
  const outside = vitest.state.getUnhandledErrors().length;
  const text = summary?.(modules);
  if (text !== undefined) console.log(`\n${text}`);
  await vitest.close();
  const left = tests.length - passed - (name === undefined ? 0 : skipped);
  const failed = (isClean ? left : Math.max(1, left)) + outside;
  console.log(`\n${passed} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
}

/** Returns a Markdown table of rows, the first of which is its head. */
export function markdownTable([head = [], ...rows]: readonly (readonly unknown[])[]): string {
  const line = head.map(() => "---");
  return [head, line, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
