import { defineConfig } from "vitest/config";
import base from "./vitest.config.ts";

/** Tests in a browser, which `scripts/test-browser.ts` runs. */
export default defineConfig({
  ...base,
  test: { ...base.test, include: ["test/browser/**/*.test.ts"], exclude: [] },
});
