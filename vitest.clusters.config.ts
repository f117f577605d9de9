import { defineConfig } from "vitest/config";
import { BaseSequencer } from "vitest/node";
import type { TestSpecification } from "vitest/node";
import base from "./vitest.config.ts";

/** Starts the files of the conformance suite first, because they take longest. */
class SuiteFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isOfSuite = ({ moduleId }: TestSpecification): boolean =>
      moduleId.includes("/conformance");
    return files.toSorted((a, b) => Number(isOfSuite(b)) - Number(isOfSuite(a)));
  }
}

/** Tests on clusters, which scripts of their own run. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ["test/clusters/**/*.test.ts"],
    // They need a broker, which the script for them gets on demand.
    exclude: process.env["STATEFUN_KAFKA"] === undefined ? ["test/clusters/statefun/kafka/**"] : [],
    // None of the chosen settings may be that of a file. A run without any test fails nevertheless.
    passWithNoTests: true,
    // They wait for a cluster most of the time.
    maxConcurrency: 24,
    sequence: { sequencer: SuiteFirst },
  },
});
