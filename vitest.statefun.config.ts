import { defineConfig } from "vitest/config";
import type { TestUserConfig } from "vitest/config";
import clusters from "./vitest.clusters.config.ts";
import { chosenSettings } from "./test/clusters/statefun/support/settings.ts";

const CONFORMANCE = "test/clusters/statefun/conformance.test.ts";
/** They need a broker, which the script for them gets on demand. */
const THROUGH_KAFKA = "test/clusters/statefun/kafka/**";

const settings = chosenSettings()
  .toSorted((a, b) => b.slack - a.slack)
  .map(({ name, atOnce: maxConcurrency }): readonly [string, TestUserConfig] => [
    name,
    { include: [CONFORMANCE], maxConcurrency, env: { STATEFUN_SETTINGS: name } },
  ]);

const rest: TestUserConfig = {
  include: ["test/clusters/statefun/**/*.test.ts"],
  exclude: [CONFORMANCE, ...(process.env["STATEFUN_KAFKA"] === undefined ? [THROUGH_KAFKA] : [])],
  setupFiles: ["test/setup.ts", "test/clusters/support/low-priority.ts"],
};

/**
 * Tests on Stateful Functions: the conformance suite in each chosen setting, and the rest. They run at
 * the same time, because most of them wait for instants. The suite compares instants, so the rest has
 * a lower priority. Projects start in the order of their names: the settings that take longest first.
 */
export default defineConfig({
  test: {
    projects: [...settings, ["rest", rest] as const].map(([name, test], at) => ({
      ...clusters,
      test: {
        ...clusters.test,
        name: `${String(at + 1).padStart(2, "0")} ${name}`,
        // Vitest reads this of projects only.
        maxWorkers: 3,
        ...test,
      },
    })),
  },
});
