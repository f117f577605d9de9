/** Builds the cluster for tests, and runs the example on it: `npm run example:cluster`. */
import { buildHarness, UNAVAILABLE } from "./build-harness.ts";
import "./source-imports.ts";

const missing = buildHarness();
if (missing === undefined) await import("../examples/cluster/greetings.ts");
else {
  console.error(`The example did not run: ${missing}.`);
  process.exitCode = UNAVAILABLE;
}
