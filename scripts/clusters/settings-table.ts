import type { TestCase, TestModule } from "vitest/node";
import { markdownTable } from "../support/run-vitest.ts";

/** A figure of the tests in one setting. */
export interface Column {
  readonly title: string;
  readonly of: (tests: readonly TestCase[]) => number;
}

/** Shows the results of the conformance suite by setting, as a table in Markdown. */
export function settingsTable(
  modules: readonly TestModule[],
  columns: readonly Column[] = [],
): string | undefined {
  const rows = modules
    .filter(({ moduleId }) => moduleId.endsWith("conformance.test.ts"))
    .flatMap((module) => [...module.children.suites()])
    .map((suite) => {
      const tests = [...suite.children.allTests()];
      const passed = tests.filter((test) => test.result().state === "passed").length;
      const figures = columns.map(({ of }) => of(tests));
      return [suite.name, `${passed}/${tests.length}`, secondsOf(tests), ...figures];
    });
  if (rows.length === 0) return undefined;
  const head = ["setting", "passed", "seconds", ...columns.map(({ title }) => title)];
  return markdownTable([head, ...rows]);
}

/** Returns the time from the first beginning to the last end, because tests run side by side. */
function secondsOf(tests: readonly TestCase[]): number {
  const times = tests.map((test) => test.diagnostic());
  const begun = Math.min(...times.map((each) => each?.startTime ?? Infinity));
  const ended = Math.max(...times.map((each) => (each?.startTime ?? 0) + (each?.duration ?? 0)));
  return Math.round((ended - begun) / 1_000);
}
