/**
 * Runs the check/decide loop for a long time on SQLite, and shows that it leaves nothing behind:
 * `npm run bench:loop -- [--turns N]`. The heap, the tables and the files must be as large at the end as after a tenth.
 */
import { statSync } from "node:fs";
import { parseArgs } from "node:util";
import { runCheckLoop } from "./check-loop.ts";
import { collectGarbage } from "./garbage.ts";
import type { Subject } from "./subject.ts";
import { formatTable } from "./table.ts";

const { values } = parseArgs({ options: { turns: { type: "string", default: "100000" } } });
const turns = Number(values.turns);
if (!Number.isInteger(turns) || turns < 10)
  throw new Error(`--turns: expected a whole number from 10, got ${values.turns}`);

const COLUMNS = [
  "turn",
  "heap MiB",
  "rss MiB",
  "messages",
  "delayed",
  "state",
  "dead",
  "db KiB",
  "wal KiB",
];
const lines: string[][] = [];
const removedDelayed = await runCheckLoop({ engine: "sqlite", turns, watch: note });
console.log(formatTable(COLUMNS, 0, lines));
console.log(
  `${turns.toLocaleString("en")} turns in ${(removedDelayed / 1_000).toFixed(1)} s, ${((removedDelayed / turns) * 1_000).toFixed(0)} us each`,
);

function note({ store, file }: Subject, turn: number): void {
  collectGarbage();
  const { heapUsed, rss } = process.memoryUsage();
  const { messages, delayed, state, dead } = store.count();
  const rows = [messages, delayed, state, dead].map(String);
  lines.push([
    turn.toLocaleString("en"),
    mebibytes(heapUsed),
    mebibytes(rss),
    ...rows,
    sizeOf(file),
    sizeOf(`${file}-wal`),
  ]);
  if (process.stderr.isTTY) process.stderr.write(`\r${turn.toLocaleString("en")} turns `);
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(2);
}

function sizeOf(file: string): string {
  return ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) / 1_024).toFixed(0);
}
