/**
 * Shows flows over HTTP: a client starts a long report, checks on it, and fetches the result.
 *
 * It runs a real server on the loopback interface and a client that uses `fetch`. The client sends
 * an idempotency key, so it can safely repeat a request whose answer was lost. The naive version at
 * the end blocks while the sections are written, and is billed for that time.
 */
import { embedded, fn, memory } from "handback";
import { asyncHttp, serveHttp } from "handback/http";
import { fanOut } from "handback/patterns";
import { setTimeout } from "node:timers/promises";

type Order = { year: number; regions: string[] };
type Report = { id: string; output: string };

const section = fn("report/section", async (_, order: { year: number; region: string }) => {
  await setTimeout(40); // simulates a slow query
  const { year, region } = order;
  return `${region} in ${year}: ${region.length * year} sold`;
});
const report = fanOut("report/yearly", {
  split: ({ year, regions }: Order) => regions.map((region) => ({ year, region })),
  each: section,
  join: (sections) => sections.join("\n"),
});

/** The naive version: blocks until all sections are written. */
const naive = fn("report/naive", { parts: [section] }, async (ctx, { year, regions }: Order) => {
  const calls = regions.map((region) => ctx.get(ctx.invoke(section, { year, region })));
  return (await Promise.all(calls)).join("\n");
});

const engine = await embedded({ functions: [report, naive], store: memory() });
const server = await serveHttp(asyncHttp(engine.client, { functions: [report, naive] }));

/** Orders a report and polls until it is ready. A client in any language can do the same. */
async function fetchReport(name: string, order: Order): Promise<Report> {
  const start = () =>
    fetch(`${server.url}/functions/report/${name}`, {
      method: "POST",
      body: JSON.stringify(order),
      headers: {
        "content-type": "application/json",
        "idempotency-key": `${name} of ${order.year}, ordered by Ada`,
      },
    });
  const first = await start();
  const second = await start(); // as if the first answer had been lost
  const location = first.headers.get("location");
  const isSame = location === second.headers.get("location");
  const flows = isSame ? "the same flow" : "another flow";
  console.log(`${name}: ${first.status}, repeated ${second.status}, ${flows}`);
  for (;;) {
    // With ?wait= the server answers when the report is ready or the time is up.
    const answer = await fetch(`${server.url}${location}?wait=0.05`);
    if (answer.status === 200) return (await answer.json()) as Report;
    await setTimeout(5); // a real client waits as long as Retry-After says, here 2 s
  }
}

const order = { year: 2030, regions: ["north", "east", "south"] };
const splitReport = await fetchReport("yearly", order);
const naiveReport = await fetchReport("naive", order);
console.log(splitReport.output);
console.log(`the naive version returns the same: ${splitReport.output === naiveReport.output}`);

const flowUrl = `${server.url}/flows/${splitReport.id}`;
const tooLate = await fetch(`${flowUrl}/events/more`, { method: "POST" });
console.log(`an event after the end: ${tooLate.status} ${tooLate.headers.get("content-type")}`);

for (const [name, { id }] of Object.entries({ split: splitReport, naive: naiveReport })) {
  const { billedMs, blockedMs, beta } = await engine.meter.flow(id);
  const [billed, waiting] = [billedMs.toFixed(0), blockedMs.toFixed(0)];
  console.log(`${name}: billed ${billed} ms, waiting ${waiting} ms, beta ${beta.toFixed(3)}`);
}
const purged = await fetch(flowUrl, { method: "DELETE" });
console.log(`purged: ${purged.status}, then ${(await fetch(flowUrl)).status}`);
await server.close();
await engine.close();
