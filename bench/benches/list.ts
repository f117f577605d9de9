import type { Client } from "../../src/index.ts";
import { fn } from "../../src/index.ts";
import type { Bench, Figure } from "../measure/bench.ts";
import { expectResult } from "../measure/load.ts";
import { median } from "../measure/statistics.ts";
import { withSubject } from "../measure/subject.ts";

type Filter = NonNullable<Parameters<Client["countFlows"]>[0]>;

const STARTS_AT_ONCE = 1_000;
const PAGE = 100;
const PAGES = 20;
const COUNTS = 3;
/** A list of this share of the flows costs as much a page, if it does not grow with their number. */
const SMALL_SHARE = 10;

const ends = fn("bench/listed", (ctx, customer: string) => ctx.setAttributes({ customer }));
const waits = fn("bench/listed-waiting", (ctx) => ctx.event("go"));

/** Each condition alone, and a function with a status. */
const FILTERS: ReadonlyMap<string, Filter> = new Map<string, Filter>([
  ["all", {}],
  ["function", { function: ends }],
  ["completed", { status: "completed" }],
  ["pending", { status: "pending" }],
  ["parked", { status: "parked" }],
  ["prefix", { keyPrefix: "a-1" }],
  ["attribute", { attribute: { customer: "c-7" } }],
  ["started-after", { startedAfter: 1 }],
  ["function-status", { function: waits, status: "pending" }],
]);

/** What a page of flows and a count cost with each filter, beside a store of a tenth of the flows. */
export const list: Bench = {
  name: "list",
  rounds: 1,
  async measure(engine, _, { listed }) {
    const measured = (flows: number): Promise<ReadonlyMap<string, number>> =>
      withSubject({ engine, functions: [ends, waits] }, async ({ client }) => {
        await fill(client, flows);
        return timesOf(client, flows);
      });
    const small = await measured(Math.ceil(listed / SMALL_SHARE));
    const figures: Figure[] = [];
    for (const [name, value] of await measured(listed))
      figures.push({
        name,
        value,
        unit: "us",
        of: "list-tenth",
        reference: small.get(name) ?? NaN,
      });
    return figures;
  },
};

/** Starts flows. One in five waits, and the others end. */
async function fill(client: Client, flows: number): Promise<void> {
  for (let from = 0; from < flows; from += STARTS_AT_ONCE) {
    const some = Array.from({ length: Math.min(STARTS_AT_ONCE, flows - from) }, (_, at) =>
      startFlow(client, from + at),
    );
    await Promise.all(some);
  }
}

async function startFlow(client: Client, n: number): Promise<void> {
  const key = `${n % 2 === 0 ? "a" : "b"}-${n}`;
  if (n % 5 === 0) await client.start(waits, undefined, { key });
  else await client.call(ends, `c-${n % 1_000}`, { key });
}

/** Measures a page and a count for each filter, in us. */
async function timesOf(client: Client, flows: number): Promise<ReadonlyMap<string, number>> {
  const times = new Map<string, number>();
  for (const [name, filter] of FILTERS) {
    const pages: number[] = [];
    for (let left = PAGES, cursor: string | undefined; left > 0; left--) {
      const began = performance.now();
      ({ cursor } = await client.flows({ ...filter, limit: PAGE, cursor }));
      pages.push(performance.now() - began);
    }
    times.set(`list-${name}-page`, 1_000 * median(pages));
    const counts: number[] = [];
    for (let left = COUNTS; left > 0; left--) {
      const began = performance.now();
      const counted = await client.countFlows(filter);
      counts.push(performance.now() - began);
      if (name === "all") expectResult("flows that are counted", counted, flows);
    }
    times.set(`list-${name}-count`, 1_000 * median(counts));
  }
  return times;
}
