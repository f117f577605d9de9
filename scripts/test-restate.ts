/**
 * Tests `handback/restate` against the real server, which npm installs. Arguments name test
 * files, and `-t` names tests. The conformance suite runs in two settings: in all with `--all`, or
 * in those whose names contain `--settings`.
 *
 * `--long` runs the kill loops only, each for 20 minutes, or as many as `--minutes` says. Prints
 * their counts. Ends with `N passed, N failed`, or with exit code 69 if the server does not run on
 * this machine.
 */
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import type { TestModule } from "vitest/node";
import { serverProgram } from "../test/clusters/restate/support/restate-server.ts";
import { chooseSettings, CLUSTER_ARGUMENTS } from "./clusters/cluster-arguments.ts";
import { markdownTable, runVitest } from "./support/run-vitest.ts";
import { settingsTable } from "./clusters/settings-table.ts";

/** The code for "a service is not available", of `sysexits.h`. */
const UNAVAILABLE = 69;
const CONFIG = "vitest.restate.config.ts";
const ALL_TESTS = "test/clusters/restate";
const KILL_LOOPS = "test/clusters/restate/faults.test.ts";
const LONG_MINUTES = "20";

const program = serverProgram();
if (program !== undefined && spawnSync(program, ["--version"]).status === 0) await runTests();
else {
  console.error(
    "The tests of handback/restate did not run: npm has no Restate server for this machine.",
  );
  process.exitCode = UNAVAILABLE;
}

async function runTests(): Promise<void> {
  const { values, positionals: files } = parseArgs({
    allowPositionals: true,
    options: {
      long: { type: "boolean" },
      minutes: { type: "string" },
      ...CLUSTER_ARGUMENTS,
    },
  });
  chooseSettings("RESTATE_SETTINGS", values);
  const isLong = values.long === true;
  if (isLong) process.env["RESTATE_KILL_MINUTES"] = values.minutes ?? LONG_MINUTES;
  const folder = isLong ? KILL_LOOPS : ALL_TESTS;
  await runVitest({ config: CONFIG, folder, files, name: values.t, summary });
}

/** Shows the results of the conformance suite by setting, and the counts of the kill loops. */
function summary(modules: readonly TestModule[]): string | undefined {
  const tables = [settingsTable(modules), killTable(modules)].filter((each) => each !== undefined);
  return tables.length === 0 ? undefined : tables.join("\n\n");
}

/** Shows the counts of the kill loops. */
function killTable(modules: readonly TestModule[]): string | undefined {
  const killed = ["program", "server", "both"].map((victim) => `${victim} killed`);
  const head = ["setting", "minutes", ...killed, "flows", "repeated runs", "longest gap", "ledger"];
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const rows = tests.flatMap((test) => {
    const { kills } = test.meta();
    if (kills === undefined) return [];
    const { minutes, kills: each, flows, repeatedRuns, longestGapMs } = kills;
    const setting = test.name.split(": ").at(-1);
    const counts = [each.program, each.server, each.both, flows, repeatedRuns];
    const gap = `${(longestGapMs / 1_000).toFixed(1)} s`;
    const isExact = test.result().state === "passed";
    return [[setting, minutes.toFixed(1), ...counts, gap, isExact ? "exact" : "failed"]];
  });
  return rows.length === 0 ? undefined : markdownTable([head, ...rows]);
}
