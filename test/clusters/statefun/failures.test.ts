import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Client, DeadLetterReport } from "handback";
import { statefun } from "handback/statefun";
import { expect, onTestFinished, test } from "vitest";
import { BankServer } from "./bank/bank-server.ts";
import { account, BANK, deadly, REPLIES, transfer } from "./bank/functions.ts";
import { Cluster } from "./support/cluster.ts";

const FLOWS = 60;
const ACCOUNTS = 5;
const CENTS = 12;

const keys = Array.from({ length: FLOWS }, (_, n) => `transfer-${n}`);

async function startAll(client: Client): Promise<void> {
  await Promise.all(keys.map((key, n) => client.start(transfer, `a${n % ACCOUNTS}`, { key })));
}

/** Starts a cluster whose functions run in a process of their own. */
async function startBank() {
  const folder = mkdtempSync(join(tmpdir(), "handback-statefun-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const functions = await BankServer.start(join(folder, "crash-marks"));
  onTestFinished(() => functions.stop());
  const cluster = await Cluster.start({
    data: folder,
    endpoint: functions.endpoint,
    namespaces: ["_sys", "bank"],
    egresses: [REPLIES],
  });
  onTestFinished(() => cluster.stop());
  const letters: DeadLetterReport[] = [];
  const engine = statefun({
    functions: BANK,
    ingress: cluster.ingress,
    egress: cluster.egress(REPLIES),
    onDeadLetter: (letter) => void letters.push(letter),
  });
  onTestFinished(() => engine.close());
  return { functions, cluster, client: engine.client, letters };
}

async function assertEveryFlowCounted(client: Client): Promise<void> {
  await Promise.all(keys.map((key) => client.flow(key).result()));
  const cents = await Promise.all(
    Array.from({ length: ACCOUNTS }, (_, n) =>
      client.call(account.read, undefined, { id: `a${n}` }),
    ),
  );
  expect(cents).toEqual(Array.from({ length: ACCOUNTS }, () => (CENTS * FLOWS) / ACCOUNTS));
}

test("every flow counts once, while tasks fail, answers are lost, and functions and cluster are killed", async () => {
  const { functions, cluster, client } = await startBank();
  await startAll(client);
  await cluster.fail("functions");
  await functions.kill();
  await cluster.fail("sink");
  await cluster.restart();
  await functions.kill();
  // A start whose answer was lost may be sent again.
  await startAll(client);
  await assertEveryFlowCounted(client);
  expect(functions.starts).toBeGreaterThanOrEqual(3);
}, 240_000);

test("a message that crashes its process is given up, and all others count once", async () => {
  const { functions, client, letters } = await startBank();
  // It may be given up before all others are started.
  const [given] = await Promise.allSettled([client.call(deadly), startAll(client)]);
  expect(given).toMatchObject({ status: "rejected", reason: { code: "POISONED" } });
  await assertEveryFlowCounted(client);
  while (letters.length === 0) await setTimeout(100);
  expect(letters).toMatchObject([
    { target: { type: "bank/deadly" }, failure: { code: "POISONED", details: { crashes: 3 } } },
  ]);
  // Once for the start, and once for each crash.
  expect(functions.starts).toBe(4);
}, 240_000);
