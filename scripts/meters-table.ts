/** What an example says of a meter. */
export interface SaidMeter {
  readonly billedMs: number;
  readonly waitingMs: number;
  readonly beta: number;
}

/** An example, and what it says of its two meters. */
export interface SaidMeters {
  readonly name: string;
  readonly split: SaidMeter;
  readonly naive: SaidMeter;
}

/** The examples of the table, and the pattern that each shows. */
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

/** Reads the meters in what an example prints. @throws Error when one is missing */
export function metersOf(name: string, lines: readonly string[]): SaidMeters {
  const read = (twin: string): SaidMeter => {
    const said = lines.map((line) =>
      new RegExp(
        `^${twin}: billed (\\d+) ms, (\\d+) of them for waiting, beta (\\d+\\.\\d+)$`,
      ).exec(line),
    );
    const [, billed, waiting, beta] = said.find((match) => match !== null) ?? [];
    if (beta === undefined) throw new Error(`${name} says nothing of its ${twin} meter`);
    return { billedMs: Number(billed), waitingMs: Number(waiting), beta: Number(beta) };
  };
  return { name, split: read("split"), naive: read("naive") };
}

/** Puts the table of meters into a page, in place of the one that is there. @throws Error when there is no place for it */
export function withTable(page: string, meters: readonly SaidMeters[]): string {
  const [before, rest] = cut(page, BEGIN);
  const [, after] = cut(rest, END);
  const rows = meters.map(({ name, split, naive }) => {
    const pattern = METERED.get(name) ?? name;
    return `| [${pattern}](${pattern}.md) | [${name}](../../examples/${name}.ts) | ${cells(split)} | ${cells(naive)} |\n`;
  });
  const head =
    "| pattern | recipe | split: billed | waiting | beta | naive: billed | waiting | beta |\n|---|---|--:|--:|--:|--:|--:|--:|\n";
  return `${before}${BEGIN}\n${head}${rows.join("")}\n${END}${after}`;
}

/** Reads the table of a page again. */
export function tableIn(page: string): readonly SaidMeters[] {
  const [table] = cut(cut(page, BEGIN)[1], END);
  const rows = table.split("\n").filter((line) => line.includes("../../examples/"));
  return rows.map((row) => {
    const [, , recipe = "", ...numbers] = row.split("|").map((cell) => cell.trim());
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = numbers.map((cell) =>
      Number.parseFloat(cell),
    );
    const name = /\/([\w-]+)\.ts/.exec(recipe)?.[1] ?? recipe;
    return {
      name,
      split: { billedMs: a, waitingMs: b, beta: c },
      naive: { billedMs: d, waitingMs: e, beta: f },
    };
  });
}

function cells({ billedMs, waitingMs, beta }: SaidMeter): string {
  return `${billedMs} ms | ${waitingMs} ms | ${beta.toFixed(3)}`;
}

function cut(text: string, at: string): readonly [string, string] {
  const place = text.indexOf(at);
  if (place < 0) throw new Error(`expected ${at.trim()} in the page`);
  return [text.slice(0, place), text.slice(place + at.length)];
}
