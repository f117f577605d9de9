import { defineConfig } from "vitest/config";
import base from "./vitest.config.ts";

/** Tests on clusters, which scripts of their own run. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ["test/clusters/**/*.test.ts"],
    // They need a broker, which the script for them gets on demand.
    exclude: process.env["STATEFUN_KAFKA"] === undefined ? ["test/clusters/statefun/kafka/**"] : [],
    // They wait for a cluster most of the time.
    maxConcurrency: 24,
  },
});
