/**
 * Measures flows on a Stateful Functions cluster in one JVM: requests, messages, bytes and rate for
 * each kind. `npm run test:statefun` builds the cluster. Arguments: the number of flows of each kind.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fn, stateful, value } from "../src/index.ts";
import type { Client, Fn } from "../src/index.ts";
import { readRequest } from "../src/engines/statefun/wire/request.ts";
import { statefun } from "../src/statefun/index.ts";
import { Cluster } from "../test/clusters/statefun/support/cluster.ts";
import { serveFunctions } from "../test/clusters/statefun/support/functions-server.ts";

const REPLIES = "harness/out";
const FLOWS = Number(process.argv[2] ?? 500);
/** Flows that run one after the other, to measure the time of one. */
const ALONE = 10;

const step = fn("cost/step", (_, n: number) => n + 1);
const noop = fn("cost/noop", () => undefined);
const chain = fn("cost/chain", (ctx, n: number) =>
  ctx.invoke(step, ctx.invoke(step, ctx.invoke(step, n))),
);
const fan = fn("cost/fan", (ctx, n: number) =>
  ctx.all(Array.from({ length: 10 }, () => ctx.invoke(step, n))),
);
const counter = stateful("cost/counter", {
  state: { n: value(0) },
  handlers: { add: (ctx, n: number) => (ctx.state.n += n) },
});

/** Starts one flow of a kind. */
type Start = (client: Client, nth: number) => Promise<unknown>;

const call =
  (face: Fn<number, unknown>): Start =>
  (client, nth) =>
    client.call(face, nth);

const KINDS: Readonly<Record<string, Start>> = {
  noop: (client) => client.call(noop),
  counter: (client, nth) => client.call(counter.add, 1, { id: `c${nth % 100}` }),
  "chain of 3": call(chain),
  "fan-out of 10": call(fan),
};

const used = { requests: 0, messages: 0, bytesIn: 0, bytesOut: 0 };
const folder = mkdtempSync(join(tmpdir(), "handback-cost-"));
const server = await serveFunctions(async (request) => {
  const answer = await engine.handle(request);
  used.requests++;
  used.messages += readRequest(request)?.invocations.length ?? 0;
  used.bytesIn += request.length;
  used.bytesOut += answer.length;
  return answer;
});
const cluster = await Cluster.start({
  data: folder,
  endpoint: server.endpoint,
  namespaces: ["_sys", "cost"],
  egresses: [REPLIES],
});
const engine = statefun({
  functions: [step, noop, chain, fan, counter],
  ingress: cluster.ingress,
  egress: cluster.egress(REPLIES),
});
console.log("| flow | requests | messages | KB in / out | flows/s | one alone |");
console.log("|---|---|---|---|---|---|");
try {
  for (const [name, start] of Object.entries(KINDS)) await measure(name, start);
} finally {
  engine.close();
  await cluster.stop();
  server.close();
  rmSync(folder, { recursive: true, force: true });
}

async function measure(name: string, start: Start): Promise<void> {
  const startAll = (): Promise<unknown> =>
    Promise.all(Array.from({ length: FLOWS }, (_, nth) => start(engine.client, nth)));
  // The first requests of a function type are slow, and so is code that is not compiled yet.
  await startAll();
  const aloneMs = await timeOf(async () => {
    for (let nth = 0; nth < ALONE; nth++) await start(engine.client, nth);
  });
  Object.assign(used, { requests: 0, messages: 0, bytesIn: 0, bytesOut: 0 });
  const ms = await timeOf(startAll);
  const each = (total: number): string => (total / FLOWS).toFixed(1);
  const bytes = `${each(used.bytesIn / 1_000)} / ${each(used.bytesOut / 1_000)}`;
  const counts = [each(used.requests), each(used.messages), bytes];
  const cells = [
    name,
    ...counts,
    Math.round((1_000 * FLOWS) / ms),
    `${Math.round(aloneMs / ALONE)} ms`,
  ];
  console.log(`| ${cells.join(" | ")} |`);
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}
