/** One meter, as an example prints it. */
export interface PrintedMeter {
  readonly billedMs: number;
  readonly waitingMs: number;
  readonly beta: number;
}

/** The two meters that an example prints. */
export interface PrintedMeters {
  readonly name: string;
  readonly split: PrintedMeter;
  readonly naive: PrintedMeter;
}

/** The examples in the table, each with its pattern. */
export const METERED: ReadonlyMap<string, string> = new Map([
  ["order-checkout", "chain"],
  ["folder-backup", "fan-out"],
  ["sensor-aggregation", "aggregator"],
  ["long-report", "async-http"],
  ["migration-watch", "monitor"],
  ["expense-approval", "approval"],
  ["trip-booking", "saga"],
]);

const BEGIN = "<!-- meters -->\n";
const END = "<!-- /meters -->\n";

/** Reads the two meters from the output of an example. @throws Error if one is missing */
export function metersOf(name: string, lines: readonly string[]): PrintedMeters {
  const read = (version: string): PrintedMeter => {
    const found = lines.map((line) =>
      new RegExp(`^${version}: billed (\\d+) ms, waiting (\\d+) ms, beta (\\d+\\.\\d+)$`).exec(
        line,
      ),
    );
    const [, billed, waiting, beta] = found.find((match) => match !== null) ?? [];
    if (beta === undefined) throw new Error(`${name} does not print its ${version} meter`);
    return { billedMs: Number(billed), waitingMs: Number(waiting), beta: Number(beta) };
  };
  return { name, split: read("split"), naive: read("naive") };
}

/** Replaces the table of meters in a page. @throws Error if the page has no markers for it */
export function withTable(page: string, meters: readonly PrintedMeters[]): string {
  const [before, rest] = cut(page, BEGIN);
  const [, after] = cut(rest, END);
  const rows = meters.map(({ name, split, naive }) => {
    const pattern = METERED.get(name) ?? name;
    return `| [${pattern}](${pattern}.md) | [${name}](../../examples/${name}.ts) | ${cells(split)} | ${cells(naive)} |\n`;
  });
  const head =
    "| pattern | example | split: billed | waiting | beta | naive: billed | waiting | beta |\n|---|---|--:|--:|--:|--:|--:|--:|\n";
  return `${before}${BEGIN}\n${head}${rows.join("")}\n${END}${after}`;
}

/** Reads the table of meters from a page. */
export function tableIn(page: string): readonly PrintedMeters[] {
  const [table] = cut(cut(page, BEGIN)[1], END);
  const rows = table.split("\n").filter((line) => line.includes("../../examples/"));
  return rows.map((row) => {
    const [, , example = "", ...numbers] = row.split("|").map((cell) => cell.trim());
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = numbers.map((cell) =>
      Number.parseFloat(cell),
    );
    const name = /\/([\w-]+)\.ts/.exec(example)?.[1] ?? example;
    return {
      name,
      split: { billedMs: a, waitingMs: b, beta: c },
      naive: { billedMs: d, waitingMs: e, beta: f },
    };
  });
}

function cells({ billedMs, waitingMs, beta }: PrintedMeter): string {
  return `${billedMs} ms | ${waitingMs} ms | ${beta.toFixed(3)}`;
}

function cut(text: string, at: string): readonly [string, string] {
  const index = text.indexOf(at);
  if (index < 0) throw new Error(`expected the marker ${at.trim()} in the page`);
  return [text.slice(0, index), text.slice(index + at.length)];
}
