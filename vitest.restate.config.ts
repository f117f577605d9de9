import { defineConfig } from "vitest/config";
import type { TestUserConfig } from "vitest/config";
import clusters from "./vitest.clusters.config.ts";
import { chosenSettings } from "./test/clusters/restate/support/settings.ts";

const CONFORMANCE = "test/clusters/restate/conformance.test.ts";
/** Cases of the suite that run at the same time. Most of them wait for instants. */
const CASES_AT_ONCE = 20;

/** Makes a project of the tests on Restate. Projects begin in the order of their names. */
const project = (name: string, test: TestUserConfig) => ({
  ...clusters,
  test: {
    ...clusters.test,
    name,
    maxConcurrency: CASES_AT_ONCE,
    // Vitest reads this of projects only.
    maxWorkers: 4,
    ...test,
  },
});

/**
 * Tests on Restate: the conformance suite in each chosen setting, and all others. They run at the same
 * time, because most of them wait for instants. The suite compares instants, so the others give way.
 */
export default defineConfig({
  test: {
    projects: [
      ...chosenSettings().map(({ name }) =>
        project(name, { include: [CONFORMANCE], env: { RESTATE_SETTINGS: name } }),
      ),
      project("others", {
        include: ["test/clusters/restate/**/*.test.ts"],
        exclude: [CONFORMANCE],
        setupFiles: ["test/setup.ts", "test/clusters/support/low-priority.ts"],
      }),
    ],
  },
});
