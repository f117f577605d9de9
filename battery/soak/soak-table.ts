import CliTable from "cli-table3";
import { courseOf } from "./flatness.ts";
import type { Measured } from "./flatness.ts";
import type { Sample } from "./sample.ts";

const MIB = 2 ** 20;

const ROWS: readonly (readonly [Measured, label: string, unit: number])[] = [
  ["heap", "heap after GC, MiB", MIB],
  ["otherHeaps", "heaps of threads, MiB", MIB],
  ["resident", "memory of the process, MiB", MIB],
  ["descriptors", "file descriptors", 1],
  ["handles", "active handles", 1],
  ["threads", "threads", 1],
  ["file", "file of the store, MiB", MIB],
  ["log", "its log, MiB", MIB],
];

/** Shows the course of all measures that each sample has. */
export function toSoakTable(samples: readonly Sample[]): string {
  const table = new CliTable({
    head: [`soak: ${samples.length} samples`, "first", "last", "least", "most"],
    colAligns: ["left", "right", "right", "right", "right"],
    style: { head: [], border: [], compact: true },
  });
  const measured = ROWS.filter(([name]) => samples.every((sample) => sample[name] !== undefined));
  for (const [name, label, unit] of measured) {
    const { first, last, least, most } = courseOf(name, samples);
    table.push([
      label,
      ...[first, last, least, most].map((value) => (value / unit).toFixed(unit === 1 ? 0 : 1)),
    ]);
  }
  return table.toString();
}
