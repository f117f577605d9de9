/**
 * Tests `handback/restate` against the real server, which npm installs. Arguments name test
 * files, and `-t` names tests.
 *
 * Ends with `N passed, N failed`, or with exit code 69 if the server does not run on this machine.
 */
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { serverProgram } from "../test/clusters/restate/support/restate-server.ts";
import { runClusterTests } from "./run-cluster-tests.ts";

/** The code for "a service is not available", of `sysexits.h`. */
const UNAVAILABLE = 69;

const program = serverProgram();
if (program !== undefined && spawnSync(program, ["--version"]).status === 0) {
  const { values, positionals: files } = parseArgs({
    allowPositionals: true,
    options: { t: { type: "string", short: "t" } },
  });
  await runClusterTests({ folder: "test/clusters/restate", files, name: values.t });
} else {
  console.error(
    "The tests of handback/restate did not run: npm has no Restate server for this machine.",
  );
  process.exitCode = UNAVAILABLE;
}
