/**
 * Shows flows over HTTP: a report takes longer than anybody keeps a connection open. It is started, asked after, and fetched when it is there.
 *
 * A real server on loopback, and a client with `fetch`. The client sends an idempotency key, so that a request whose answer was lost can be sent again.
 * The naive twin at the end blocks while the sections are written, and is billed for that.
 */
import { embedded, fn, memory } from "handback";
import { asyncHttp, serveHttp } from "handback/http";
import { fanOut } from "handback/patterns";
import { setTimeout } from "node:timers/promises";

type Wanted = { year: number; regions: string[] };

const section = fn(
  "report/section",
  async (_, { year, region }: { year: number; region: string }) => {
    await setTimeout(40); // stands for a slow query
    return `${region} in ${year}: ${region.length * year} sold`;
  },
);
const report = fanOut("report/yearly", {
  split: ({ year, regions }: Wanted) => regions.map((region) => ({ year, region })),
  each: section,
  join: (sections) => sections.join("\n"),
});

/** The same, naive: it blocks until all sections are there. */
const naive = fn("report/naive", { parts: [section] }, async (ctx, { year, regions }: Wanted) => {
  const sections = await Promise.all(
    regions.map((region) => ctx.get(ctx.invoke(section, { year, region }))),
  );
  return sections.join("\n");
});

const engine = await embedded({ functions: [report, naive], store: memory() });
const server = await serveHttp(asyncHttp(engine.client, { functions: [report, naive] }));

/** Orders a report, and comes back until it is there: a client in any language does the same. */
async function fetchReport(name: string, wanted: Wanted): Promise<{ id: string; output: string }> {
  const order = () =>
    fetch(`${server.url}/functions/report/${name}`, {
      method: "POST",
      body: JSON.stringify(wanted),
      headers: {
        "content-type": "application/json",
        "idempotency-key": `${name} of ${wanted.year}, ordered by Ada`,
      },
    });
  const ordered = await order();
  const again = await order(); // as if the first answer had been lost
  const location = ordered.headers.get("location");
  console.log(
    `${name}: ${ordered.status}, again ${again.status}, ${location === again.headers.get("location") ? "the same flow" : "another flow"}`,
  );
  for (;;) {
    // With ?wait= the server answers as soon as the report is there, or when the time is over.
    const answer = await fetch(`${server.url}${location}?wait=0.05`);
    if (answer.status === 200) return (await answer.json()) as { id: string; output: string };
    await setTimeout(5); // Retry-After says 2 s
  }
}

const wanted = { year: 2030, regions: ["north", "east", "south"] };
const [split, twin] = [await fetchReport("yearly", wanted), await fetchReport("naive", wanted)];
console.log(split.output);
console.log(`the naive one says the same: ${split.output === twin.output}`);

const gone = await fetch(`${server.url}/flows/${split.id}/events/more`, { method: "POST" });
console.log(`an event after the end: ${gone.status} ${gone.headers.get("content-type")}`);

for (const [name, { id }] of Object.entries({ split, naive: twin })) {
  const { billedMs, blockedMs, beta } = await engine.meter.flow(id);
  console.log(
    `${name}: billed ${billedMs.toFixed(0)} ms, ${blockedMs.toFixed(0)} of them for waiting, beta ${beta.toFixed(3)}`,
  );
}
const purged = await fetch(`${server.url}/flows/${split.id}`, { method: "DELETE" });
console.log(
  `purged: ${purged.status}, and then ${(await fetch(`${server.url}/flows/${split.id}`)).status}`,
);
await server.close();
await engine.close();
