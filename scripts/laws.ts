/**
 * Runs the laws, and lists each with its number of cases. `LAW_RUNS=10` runs ten times as many.
 * Arguments name files of `test/laws`.
 */
import { basename } from "node:path";
import CliTable from "cli-table3";
import { startVitest } from "vitest/node";
import type { Reporter, TestCase } from "vitest/node";

const table = new CliTable({
  head: ["subject", "law", "cases", "s"],
  colAligns: ["left", "left", "right", "right"],
  colWidths: [null, 112],
  wordWrap: true,
  style: { head: [], border: [], compact: true },
});
let [laws, cases] = [0, 0];

function add(subject: string, test: TestCase): void {
  const runs = test.meta().law?.runs ?? 0;
  laws++;
  cases += runs;
  const seconds = ((test.diagnostic()?.duration ?? 0) / 1000).toFixed(1);
  table.push([subject, test.ok() ? test.name : `FAILS: ${test.name}`, String(runs), seconds]);
}

const reporter: Reporter = {
  onTestRunEnd(modules) {
    for (const module of modules.toSorted((one, other) =>
      one.moduleId.localeCompare(other.moduleId),
    )) {
      for (const test of module.children.allTests())
        add(basename(module.moduleId, ".test.ts"), test);
    }
  },
};

const files = process.argv.slice(2);
const vitest = await startVitest(files.length > 0 ? files : ["test/laws"], {
  watch: false,
  reporters: [["default", { summary: false }], reporter],
});
await vitest.close();
console.log(`${table.toString()}\n${laws} laws, ${cases} cases`);
