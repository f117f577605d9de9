import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const pathOf = (path: string): string =>
  fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const SOURCES = pathOf("scripts/source-imports.ts");
const EXAMPLE = pathOf("examples/cluster/visits.ts");

test("the example prints the same in one process and on three nodes, one of them killed", async () => {
  const run = ["--import", SOURCES, EXAMPLE];
  const { stdout } = await promisify(execFile)(process.execPath, run, { timeout: 280_000 });
  const visits = ["Ada", "Bob", "Cem", "Dana"].map((name) => `Hello, ${name}.`);
  const said = [...visits, "They are the guests 1, 2, 3, 4."];
  expect(stdout.trim().split("\n")).toEqual([
    "One process, with SQLite:",
    "4 visits have begun.",
    ...said,
    "Three Restate nodes:",
    "4 visits have begun, and one node of three is killed.",
    ...said,
  ]);
}, 300_000);
