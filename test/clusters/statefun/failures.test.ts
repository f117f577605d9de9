import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fn, stateful, value } from "handback";
import type { Client } from "handback";
import { statefun } from "handback/statefun";
import { expect, onTestFinished, test } from "vitest";
import { Cluster } from "./support/cluster.ts";
import type { ClusterOptions } from "./support/cluster.ts";
import { serveFunctions } from "./support/functions-server.ts";

const FLOWS = 60;
const ACCOUNTS = 5;
const REPLIES = "harness/out";

const account = stateful("bank/account", {
  state: { cents: value(0) },
  handlers: {
    add: (ctx, cents: number) => (ctx.state.cents += cents),
    read: (ctx) => ctx.state.cents,
  },
});
/** Joins three branches, waits, and counts once. */
const transfer = fn("bank/transfer", (ctx, to: string) => {
  const parts = [1, 2, 3].map((cents) =>
    ctx.invoke(double, cents, { after: [ctx.sleep(50 * cents)] }),
  );
  return ctx.onComplete(ctx.all(parts), deposit, { to });
});
const double = fn("bank/double", (_, cents: number) => 2 * cents);
const deposit = fn(
  "bank/deposit",
  (ctx, { result, args }: { result: readonly number[]; args: { to: string } }) =>
    ctx.invoke(account.add, sum(result), { id: args.to }),
);

const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0);

const keys = Array.from({ length: FLOWS }, (_, n) => `transfer-${n}`);

async function startAll(client: Client): Promise<void> {
  await Promise.all(keys.map((key, n) => client.start(transfer, `a${n % ACCOUNTS}`, { key })));
}

test("every flow counts once, while tasks fail, answers are lost and the cluster is killed", async () => {
  const folder = mkdtempSync(join(tmpdir(), "handback-statefun-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  let handle: (request: Uint8Array) => Promise<Uint8Array> = async () => new Uint8Array();
  let requests = 0;
  const server = await serveFunctions(async (request) => {
    const answer = await handle(request);
    // The cluster repeats a request that got no good answer.
    if (++requests % 10 === 0) throw new Error("this answer is lost");
    return answer;
  });
  onTestFinished(() => server.close());
  const options: ClusterOptions = {
    data: folder,
    endpoint: server.endpoint,
    namespaces: ["_sys", "bank"],
    egresses: [REPLIES],
  };
  const cluster = await Cluster.start(options);
  onTestFinished(() => cluster.stop());

  const open = (): ReturnType<typeof statefun> => {
    const opened = statefun({
      functions: [account, transfer, double, deposit],
      ingress: cluster.ingress,
      egress: cluster.egress(REPLIES),
    });
    handle = opened.handle;
    return opened;
  };
  const engine = open();
  await startAll(engine.client);
  await cluster.fail("functions");
  await cluster.fail("sink");
  await cluster.restart();
  // A start whose answer was lost may be sent again.
  await startAll(engine.client);
  await Promise.all(keys.map((key) => engine.client.flow(key).result()));
  const cents = await Promise.all(
    Array.from({ length: ACCOUNTS }, (_, n) =>
      engine.client.call(account.read, undefined, { id: `a${n}` }),
    ),
  );
  expect(cents).toEqual(Array.from({ length: ACCOUNTS }, () => (12 * FLOWS) / ACCOUNTS));
  engine.close();
}, 180_000);
