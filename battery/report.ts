import CliTable from "cli-table3";
import type { Breach } from "./history/verdict.ts";
import type { Tally } from "./trial/tally.ts";
import type { Row, Trial } from "./trial/trial.ts";

/** Data of a report beside the tally. */
export interface Run {
  readonly seed: number;
  readonly minutes: number;
  readonly trials: readonly Trial[];
  /** Reasons why trials did not run, by name. */
  readonly lacks: ReadonlyMap<string, string>;
}

const SHOWN = 40;
const BREACHES: readonly (readonly [Breach, string])[] = [
  ["lost", "lost"],
  ["duplicated", "duplicated"],
  ["reordered", "reordered"],
  ["early", "early timers"],
  ["stuck", "stuck"],
  ["wrong", "otherwise wrong"],
];

/** Makes the table at the end of the battery. */
export function toReport(tally: Tally, { seed, minutes, trials, lacks }: Run): string {
  const table = new CliTable({
    colAligns: ["left", "right"],
    style: { head: [], border: [], compact: true },
  });
  const row = (label: string, value: number | string): void => {
    table.push([label, typeof value === "number" ? value.toLocaleString("en") : value]);
  };
  row("seed", String(seed));
  row("minutes", minutes.toFixed(1));
  for (const { name, rows } of trials) {
    for (const each of rows)
      row(each.label, lacks.get(name) === undefined ? toCell(each, tally) : "not run");
  }
  row("operations acknowledged", tally.requests.acknowledged);
  row("operations indeterminate", tally.requests.indeterminate);
  row("operations failed", tally.requests.failed);
  for (const [breach, label] of BREACHES)
    row(label, tally.violations.filter(({ what }) => what === breach).length);
  row("other failures", tally.failures.length);
  row("recovery p50", `${quantile(tally.recoveriesMs, 0.5)} ms`);
  row("recovery p99", `${quantile(tally.recoveriesMs, 0.99)} ms`);
  const notRun = [...lacks].map(([name, why]) => `${name} was not run: ${why}`);
  return [table.toString(), ...tally.notes, ...notRun, tally.isRed ? "RED" : "All is well."].join(
    "\n",
  );
}

/** Formats a row of the report. */
export function toCell(row: Row, tally: Tally): string {
  if ("count" in row) return tally.count(row.count).toLocaleString("en");
  const value = tally.peak(row.peak);
  return value === undefined
    ? "none"
    : `${value.toLocaleString("en", { maximumFractionDigits: 2 })} ${row.unit}`;
}

/** Lists violations and failures, one a line. */
export function toComplaints({ violations, failures }: Tally): string {
  const lines = [
    ...failures,
    ...violations.map(({ what, operation, said }) => `${what}: ${operation}: ${said}`),
  ];
  const more = lines.length - SHOWN;
  return [...lines.slice(0, SHOWN), ...(more > 0 ? [`and ${more} more`] : [])]
    .map((line) => `  ${line}`)
    .join("\n");
}

/** Returns the smallest value that a share of all values does not exceed; 0 if there are none. */
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
