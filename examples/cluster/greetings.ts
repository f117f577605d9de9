/**
 * Shows workflows on a cluster of Flink Stateful Functions: `npm run example:cluster`. The cluster runs
 * in one JVM on this machine. It is killed while the workflows wait, and each of them still ends once.
 */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fn, stateful, value } from "handback";
import { statefun } from "handback/statefun";
import { Cluster } from "../../test/clusters/statefun/support/cluster.ts";

const guestBook = stateful("hello/guest-book", {
  state: { guests: value(0) },
  handlers: { sign: (ctx) => ++ctx.state.guests },
});
const greet = fn("hello/greet", (_, name: string) => `Hello, ${name}.`);
const visit = fn("hello/visit", (ctx, name: string) => {
  const greeting = ctx.invoke(greet, name, { after: [ctx.sleep("2s")] });
  return ctx.all([greeting, ctx.invoke(guestBook.sign, undefined, { id: "front" })]);
});

const data = mkdtempSync(join(tmpdir(), "handback-cluster-"));
const server = createServer((request, response) => void engine.node(request, response));
server.keepAliveTimeout = 20_000;
server.listen(0, "127.0.0.1");
await once(server, "listening");
const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/statefun`;
const cluster = await Cluster.start({
  data,
  endpoint,
  namespaces: ["_sys", "hello"],
  egresses: ["harness/out"],
  quiet: true,
});
const engine = statefun({
  functions: [visit, greet, guestBook],
  ingress: cluster.ingress,
  egress: cluster.egress("harness/out"),
});

const names = ["Ada", "Bob", "Cem", "Dana"];
await Promise.all(names.map((name) => engine.client.start(visit, name, { key: name })));
console.log(`${names.length} visits have begun, and the cluster is killed.`);
await cluster.restart();
for (const name of names) {
  const [greeting, guest] = (await engine.client.flow(name).result()) as [string, number];
  console.log(`${greeting} You are guest ${guest}.`);
}
engine.close();
await cluster.stop();
server.close();
server.closeAllConnections();
rmSync(data, { recursive: true, force: true });
