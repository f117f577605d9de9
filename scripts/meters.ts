/** Runs the examples and writes their meters into `docs/patterns/azure.md`: `npm run meters`. */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { METERED, metersOf, withTable } from "./support/meters-table.ts";

const page = new URL("../docs/patterns/azure.md", import.meta.url);
const runner = fileURLToPath(new URL("example.ts", import.meta.url));

const meters = [...METERED.keys()].map((name) => {
  const { stdout, stderr, status } = spawnSync(process.execPath, [runner, name], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`${name} failed: ${stderr}`);
  return metersOf(name, stdout.split("\n"));
});
writeFileSync(page, withTable(readFileSync(page, "utf8"), meters));
console.log(`wrote the meters of ${meters.length} examples`);
