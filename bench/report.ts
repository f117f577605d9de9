import CliTable from "cli-table3";
import type { Figure } from "./measure/bench.ts";
import type { Row } from "./measure/row.ts";
import { median } from "./measure/statistics.ts";

/** Collects the figures of each round. */
export class Rows {
  readonly #rounds: Map<
    string,
    {
      readonly figure: Figure;
      readonly values: number[];
      readonly engine: string;
      readonly ratios: number[];
    }
  > = new Map();

  /**
   * Adds one figure. `beside` is its reference, measured beside it, if the bench has not measured
   * that itself.
   */
  add(engine: string, figure: Figure, beside: number | undefined): void {
    const key = `${engine} ${figure.name}`;
    let round = this.#rounds.get(key);
    if (round === undefined)
      this.#rounds.set(key, (round = { figure, engine, values: [], ratios: [] }));
    round.values.push(figure.value);
    const reference = figure.reference ?? beside;
    if (reference !== undefined)
      round.ratios.push((figure.value * (figure.weight ?? 1)) / reference);
  }

  rows(): readonly Row[] {
    return Array.from(this.#rounds.values(), ({ figure, engine, values, ratios }) => {
      const value = median(values);
      const other = this.#value(engine, figure.of);
      const ratio =
        ratios.length > 0
          ? median(ratios)
          : other === undefined
            ? null
            : (value * (figure.weight ?? 1)) / other;
      const { name, unit, of, note } = figure;
      return { bench: name, engine, value, unit, ratio, of, ...(note !== undefined && { note }) };
    });
  }

  #value(engine: string, name: string): number | undefined {
    const round = this.#rounds.get(`${engine} ${name}`) ?? this.#rounds.get(`raw ${name}`);
    return round === undefined ? undefined : median(round.values);
  }
}

/**
 * Formats rows under a head, without colors, because results are often kept in files. The first
 * `left` columns are names, the rest numbers.
 */
function formatTable(
  head: readonly string[],
  left: number,
  rows: readonly (readonly string[])[],
): string {
  const table = new CliTable({
    head: [...head],
    colAligns: head.map((_, column) => (column < left ? "left" : "right")),
    style: { head: [], border: [], compact: true },
  });
  table.push(...rows.map((row) => [...row]));
  return table.toString();
}

/** Benches that do not measure the time of a call, by the start of their names. */
const SCALES = [
  ["history", "Flows that do nothing, with the flow index and the history"],
  ["stream", "Streams: items to a reader, beside an EventEmitter in memory"],
  ["event-loop", "Delay of the event loop under load"],
  ["slow-disk", "A disk whose flushes take 20 ms longer"],
  ["park", "Flows that wait for a person"],
  ["timers", "Timers"],
  ["flat", "Cost of a call, by how many states, and parked flows, there are"],
  ["list", "Lists and counts of flows"],
  ["finished", "The file, while flows end and are forgotten"],
] as const;

/** Formats the rows for people. */
export function formatTables(rows: readonly Row[]): string {
  const isScale = ({ bench }: Row): boolean => SCALES.some(([start]) => bench.startsWith(start));
  const calls = rows.filter((row) => !isScale(row));
  const scales = SCALES.map(([start, title]) =>
    formatScale(
      title,
      rows.filter(({ bench }) => bench.startsWith(start)),
    ),
  );
  return [
    formatReferences(rows),
    formatThroughput(calls),
    formatLeaves(calls),
    formatLatency(calls),
    ...scales,
    formatLacks(rows),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

function formatReferences(rows: readonly Row[]): string {
  const [baseline, p50, p99] = ["baseline", "fsync", "fsync-p99"].map(
    (name) => find(rows, "raw", name)?.value ?? Number.NaN,
  );
  return `Raw node:sqlite, the baseline: ${whole(baseline)} ops/s. One fsync of this disk: ${fixed(p50, 3)} ms, p99 ${fixed(p99, 3)} ms.`;
}

function formatThroughput(rows: readonly Row[]): string {
  const shown = rows.filter(({ engine, unit }) => engine !== "raw" && unit.endsWith("/s"));
  const lines = shown.map(({ bench, engine, value, unit, ratio }) => {
    const [commits, bytes, cpu] = ["commits", "bytes", "cpu"].map((what) =>
      find(rows, engine, `${bench}-${what}`),
    );
    return [
      bench,
      engine,
      `${whole(value)} ${unit}`,
      fixed(ratio, 3),
      fixed(commits?.value, 4),
      whole(bytes?.value),
      fixed(cpu?.value, 1),
    ];
  });
  return section(
    "Throughput",
    formatTable(
      ["bench", "engine", "per second", "of baseline", "commits each", "bytes each", "CPU us each"],
      2,
      lines,
    ),
    lines,
  );
}

function formatLeaves(rows: readonly Row[]): string {
  const shown = rows.filter(({ bench }) => bench.endsWith("-cost"));
  const lines = shown.map(({ bench, engine, value, ratio }) => {
    const name = bench.replace(/-cost$/, "");
    const bytes = find(rows, engine, `${name}-bytes`);
    return [
      name,
      engine,
      fixed(value, 1),
      fixed(ratio, 2),
      whole(bytes?.value),
      fixed(bytes?.ratio, 2),
    ];
  });
  return section(
    "Cost of one leaf",
    formatTable(["fan-out", "engine", "us", "of fan100", "bytes", "of fan100"], 2, lines),
    lines,
  );
}

function formatLatency(rows: readonly Row[]): string {
  const shown = rows.filter(({ engine, unit }) => engine !== "raw" && unit === "ms");
  const lines = shown.map(({ bench, engine, value, ratio }) => [
    bench,
    engine,
    fixed(value, 3),
    fixed(ratio, 1),
  ]);
  return section(
    "Latency of one caller",
    formatTable(["bench", "engine", "ms", "fsyncs"], 2, lines),
    lines,
  );
}

function formatScale(title: string, rows: readonly Row[]): string {
  const lines = rows.map(({ bench, engine, value, unit, ratio, of }) => [
    engine === "memory" ? `${bench}, in memory` : bench,
    figure(value),
    unit,
    ratio === null ? "" : figure(ratio),
    of,
  ]);
  return section(title, formatTable(["bench", "value", "unit", "ratio", "of"], 1, lines), lines);
}

function formatLacks(rows: readonly Row[]): string {
  return rows
    .flatMap(({ bench, note }) =>
      note === undefined ? [] : [`${bench} was not measured: ${note}`],
    )
    .join("\n");
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

/** Formats a number of any size with its significant digits. */
function figure(value: number): string {
  return Number.isNaN(value) ? "" : Math.abs(value) >= 100 ? whole(value) : value.toPrecision(3);
}
