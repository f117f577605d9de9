import { defineConfig } from "vitest/config";
import type { TestUserConfig } from "vitest/config";
import clusters from "./vitest.clusters.config.ts";
import { chosenSettings } from "./test/clusters/statefun/support/settings.ts";

const CONFORMANCE = "test/clusters/statefun/conformance.test.ts";
/** They need a broker, which the script for them gets on demand. */
const THROUGH_KAFKA = "test/clusters/statefun/kafka/**";

/** Makes a project of the tests on Stateful Functions. Projects begin in the order of their names. */
const project = (name: string, test: TestUserConfig) => ({
  ...clusters,
  test: { ...clusters.test, name, ...test },
});

/**
 * Tests on Stateful Functions: the conformance suite in each chosen setting, and all others. They run
 * at the same time, because most of them wait for instants. The suite compares instants, so the others
 * give way.
 */
export default defineConfig({
  test: {
    maxWorkers: 3,
    projects: [
      ...chosenSettings().map(({ name, atOnce: maxConcurrency }) =>
        project(name, { include: [CONFORMANCE], maxConcurrency, env: { STATEFUN_SETTINGS: name } }),
      ),
      project("others", {
        include: ["test/clusters/statefun/**/*.test.ts"],
        exclude: [
          CONFORMANCE,
          ...(process.env["STATEFUN_KAFKA"] === undefined ? [THROUGH_KAFKA] : []),
        ],
        setupFiles: ["test/setup.ts", "test/clusters/support/low-priority.ts"],
      }),
    ],
  },
});
