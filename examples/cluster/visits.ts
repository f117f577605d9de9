/**
 * Shows one program in one process with SQLite, and then on three Restate nodes, of which one is
 * killed while the visits wait: `npm run example:restate`. Only the line that opens the engine
 * differs.
 */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { embedded, fn, sqlite, stateful, value } from "handback";
import type { Client } from "handback";
import { restate } from "handback/restate";
import { RestateCluster } from "../../test/clusters/restate/support/restate-cluster.ts";

const guestBook = stateful("visits/guest-book", {
  state: { guests: value(0) },
  handlers: { sign: (ctx) => ++ctx.state.guests },
});
const greet = fn("visits/greet", (_, name: string) => `Hello, ${name}.`);
const visit = fn("visits/visit", (ctx, name: string) => {
  const greeting = ctx.invoke(greet, name, { after: [ctx.sleep("2s")] });
  return ctx.all([greeting, ctx.invoke(guestBook.sign, undefined, { id: "front" })]);
});
const functions = [visit, greet, guestBook];

/** The program: it starts visits, and prints their results. */
async function main(client: Client, disturb: () => Promise<void>): Promise<void> {
  const names = ["Ada", "Bob", "Cem", "Dana"];
  const start = (name: string) => client.start(visit, name, { key: name });
  const flows = await Promise.all(names.map(start));
  await disturb();
  const results = await Promise.all(flows.map((flow) => flow.result()));
  for (const [greeting] of results) console.log(greeting);
  const guests = results.map(([, guest]) => guest).toSorted((one, other) => one - other);
  console.log(`They are the guests ${guests.join(", ")}.`);
}

const folder = mkdtempSync(join(tmpdir(), "handback-visits-"));
console.log("One process, with SQLite:");
const local = await embedded({ functions, store: sqlite(join(folder, "visits.db")) });
await main(local.client, async () => console.log("4 visits have begun."));
await local.close();
rmSync(folder, { recursive: true, force: true });

console.log("Three Restate nodes:");
const cluster = await RestateCluster.start();
const remote = restate({ functions, ingress: cluster.ingress, attemptTimeout: "2s" });
const server = createServer({ maxSessionMemory: 1_024 }, remote.handler).listen(0, "127.0.0.1");
await once(server, "listening");
await cluster.deploy(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
await main(remote.client, async () => {
  await cluster.nodes[0]?.kill();
  console.log("4 visits have begun, and one node of three is killed.");
});
remote.close();
await cluster.stop();
server.close();
