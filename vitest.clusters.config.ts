import { defineConfig } from "vitest/config";
import base from "./vitest.config.ts";

/** Tests on clusters, which scripts of their own run. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ["test/clusters/**/*.test.ts"],
    exclude: [],
    // They wait for a cluster most of the time.
    maxConcurrency: 24,
  },
});
