/**
 * Tests `handback/restate` against the real server, which npm installs. Arguments name test files.
 *
 * Ends with `N passed, N failed`, or with exit code 69 if the server does not run on this machine.
 */
import { spawnSync } from "node:child_process";
import { startVitest } from "vitest/node";
import { serverProgram } from "../test/clusters/restate/support/restate-server.ts";

/** The code for "a service is not available", of `sysexits.h`. */
const UNAVAILABLE = 69;

const program = serverProgram();
if (program !== undefined && spawnSync(program, ["--version"]).status === 0) await runTests();
else {
  console.error(
    "The tests of handback/restate did not run: npm has no Restate server for this machine.",
  );
  process.exitCode = UNAVAILABLE;
}

async function runTests(): Promise<void> {
  const files = process.argv.slice(2);
  const vitest = await startVitest(files.length > 0 ? files : ["test/clusters/restate"], {
    watch: false,
    config: "vitest.clusters.config.ts",
  });
  const tests = vitest.state.getTestModules().flatMap((module) => [...module.children.allTests()]);
  const passed = tests.filter((test) => test.result().state === "passed").length;
  const isClean = tests.length > 0 && vitest.state.getCountOfFailedTests() === 0;
  await vitest.close();
  const failed = isClean ? tests.length - passed : Math.max(1, tests.length - passed);
  console.log(`\n${passed} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
}
