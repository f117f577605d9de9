import type { Row } from "./row.ts";
import { formatTable } from "./table.ts";

/** Shows the rows to a person. */
export function formatTables(rows: readonly Row[]): string {
  return [formatReferences(rows), formatThroughput(rows), formatLeaves(rows), formatLatency(rows)]
    .filter((part) => part !== "")
    .join("\n\n");
}

function formatReferences(rows: readonly Row[]): string {
  const [baseline, p50, p99] = ["baseline", "fsync", "fsync-p99"].map((name) => find(rows, "raw", name)?.value ?? Number.NaN);
  return `Raw node:sqlite, the baseline: ${whole(baseline)} ops/s. One fsync of this disk: ${fixed(p50, 3)} ms, p99 ${fixed(p99, 3)} ms.`;
}

function formatThroughput(rows: readonly Row[]): string {
  const shown = rows.filter(({ engine, unit }) => engine !== "raw" && unit.endsWith("/s"));
  const lines = shown.map(({ bench, engine, value, unit, ratio }) => {
    const [commits, bytes] = [find(rows, engine, `${bench}-commits`), find(rows, engine, `${bench}-bytes`)];
    return [bench, engine, `${whole(value)} ${unit}`, fixed(ratio, 3), fixed(commits?.value, 4), whole(bytes?.value)];
  });
  return section(
    "Throughput",
    formatTable(["bench", "engine", "per second", "of baseline", "commits each", "bytes each"], 2, lines),
    lines,
  );
}

function formatLeaves(rows: readonly Row[]): string {
  const shown = rows.filter(({ unit }) => unit === "us/leaf");
  const lines = shown.map(({ bench, engine, value, ratio }) => {
    const name = bench.replace(/-cost$/, "");
    const bytes = find(rows, engine, `${name}-bytes`);
    return [name, engine, fixed(value, 1), fixed(ratio, 2), whole(bytes?.value), fixed(bytes?.ratio, 2)];
  });
  return section("Cost of one leaf", formatTable(["fan-out", "engine", "us", "of fan100", "bytes", "of fan100"], 2, lines), lines);
}

function formatLatency(rows: readonly Row[]): string {
  const shown = rows.filter(({ engine, unit }) => engine !== "raw" && unit === "ms");
  const lines = shown.map(({ bench, engine, value, ratio }) => [bench, engine, fixed(value, 3), fixed(ratio, 1)]);
  return section("Latency of one caller", formatTable(["bench", "engine", "ms", "fsyncs"], 2, lines), lines);
}

function section(title: string, table: string, lines: readonly unknown[]): string {
  return lines.length === 0 ? "" : `${title}\n${table}`;
}

function find(rows: readonly Row[], engine: string, bench: string): Row | undefined {
  return rows.find((row) => row.engine === engine && row.bench === bench);
}

function whole(value: number | undefined): string {
  return value === undefined ? "" : Math.round(value).toLocaleString("en");
}

function fixed(value: number | null | undefined, digits: number): string {
  return value === undefined || value === null ? "" : value.toFixed(digits);
}
