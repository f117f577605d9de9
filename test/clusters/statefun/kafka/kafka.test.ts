import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { Client, DeadLetterReport } from "handback";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { count, counter, echo, expense, lose, steps, wait } from "./functions.ts";
import { openShop } from "./shop.ts";
import type { Shop } from "./shop.ts";

const CALLER = fileURLToPath(new URL("./caller.ts", import.meta.url));
const SLOW = { timeout: 240_000 };
const FLOWS = 60;

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, 240_000);
afterAll(() => shop.close(), 60_000);

function openClient(options: Parameters<Shop["open"]>[0] = {}): Client {
  const engine = shop.open(options);
  onTestFinished(() => engine.close());
  return engine.client;
}

/** Starts flows that count in one state, twice each: a start whose answer was lost is sent again. */
async function startCounting(client: Client, id: string): Promise<readonly string[]> {
  const keys = Array.from({ length: FLOWS }, (_, n) => `${id} ${n}`);
  const startAll = () => Promise.all(keys.map((key) => client.start(count, { id, n: 1 }, { key })));
  await startAll();
  void startAll().catch(() => undefined);
  return keys;
}

async function assertCounted(client: Client, id: string, keys: readonly string[]): Promise<void> {
  await Promise.all(keys.map((key) => client.flow(key).result()));
  expect(await client.call(counter.read, undefined, { id })).toBe(FLOWS);
}

test("a call and a chain return their results", SLOW, async () => {
  const client = openClient();
  expect(await client.call(echo, "grüße\n€")).toBe("grüße\n€");
  expect(await client.call(steps, 4)).toBe(18);
});

test("a flow is approved by a signal, and an approval by a decision", SLOW, async () => {
  const client = openClient();
  const flow = await client.start(wait, undefined, { key: "ü/1" });
  await vi.waitFor(async () => expect((await flow.status()).custom).toBe("waiting"), 60_000);
  await client.signal("ü/1", "go", "approved");
  expect(await flow.result()).toBe("approved");
  const at = { id: "expense-1" };
  const request = await client.start(expense, { euros: 9 }, at);
  await client.call(expense.decide, { by: "ann", decision: "approve" }, at);
  expect(await request.result()).toMatchObject({ status: "approved" });
});

test("a flow is canceled, its status read, and its record purged", SLOW, async () => {
  const client = openClient();
  const flow = await client.start(wait, undefined, { key: "cancel-1" });
  expect(await client.cancel(flow)).toBe(true);
  await expect(flow.result()).rejects.toMatchObject({ code: "CANCELLED" });
  expect(await client.status(flow)).toMatchObject({ status: "cancelled" });
  expect(await client.purge(flow)).toBe(true);
  await expect(client.status(flow)).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("callers in several processes get their own replies", SLOW, async () => {
  const names = ["one", "two"];
  const printed = names.map((name) => {
    const child = spawn(process.execPath, [CALLER, shop.broker.address, name, "40"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    return text(child.stdout);
  });
  const own = Array.from({ length: 40 }, (_, n) => `own ${n}`);
  const client = openClient();
  expect(await Promise.all(own.map((each) => client.call(echo, each)))).toEqual(own);
  for (const [at, name] of names.entries())
    expect(JSON.parse((await printed[at]) ?? "")).toEqual(
      Array.from({ length: 40 }, (_, n) => `${name} ${n}`),
    );
});

test(
  "a client that starts anew gets the results of the flows of the one before",
  SLOW,
  async () => {
    const first = shop.open();
    const keys = await startCounting(first.client, "restart");
    first.close();
    await expect(first.client.call(echo, "late")).rejects.toMatchObject({ code: "CLOSED" });
    await assertCounted(openClient(), "restart", keys);
  },
);

test("a message that fails comes to the client as a dead letter", SLOW, async () => {
  const letters: DeadLetterReport[] = [];
  const client = openClient({ onDeadLetter: (letter) => void letters.push(letter) });
  await client.call(echo, "the letters are read from here on");
  await client.call(lose, "gone");
  await vi.waitFor(() => expect(letters).toHaveLength(1), 60_000);
  expect(letters).toMatchObject([{ target: { type: "shop/failing" }, input: "gone" }]);
});

test("every flow counts once while the broker is killed", SLOW, async () => {
  const client = openClient({ patience: "2m" });
  const keys = await startCounting(client, "broker");
  // The first requests come while no broker answers.
  await Promise.all([shop.broker.restart(1_000), assertCounted(client, "broker", keys)]);
});

test("every flow counts once while tasks fail and the cluster is killed", SLOW, async () => {
  const client = openClient();
  const keys = await startCounting(client, "cluster");
  await shop.cluster.fail("functions");
  await shop.cluster.restart();
  await assertCounted(client, "cluster", keys);
});

test("a request that is too large is PAYLOAD_TOO_LARGE, and others go on", SLOW, async () => {
  const client = openClient({ payloadLimit: 64_000_000 });
  const large = client.call(echo, "x".repeat(40_000_000));
  const others = ["a", "b", "c"].map((each) => client.call(echo, each));
  await expect(large).rejects.toMatchObject({ code: "PAYLOAD_TOO_LARGE" });
  expect(await Promise.all(others)).toEqual(["a", "b", "c"]);
});

test(
  "a reply or dead letter that is larger than its topic takes lacks its value, and the job goes on",
  SLOW,
  async () => {
    const letters: DeadLetterReport[] = [];
    const client = openClient({ onDeadLetter: (letter) => void letters.push(letter) });
    const starts = await shop.cluster.starts();
    // With its heads, the record is a little below the limit, above it, and far above it.
    expect(await client.call(echo, "x".repeat(1_048_000))).toHaveLength(1_048_000);
    for (const length of [1_048_600, 5_000_000])
      await expect(client.call(echo, "x".repeat(length))).rejects.toMatchObject({
        code: "PAYLOAD_TOO_LARGE",
      });
    await client.call(lose, "x".repeat(2_000_000));
    await vi.waitFor(() => expect(letters).toHaveLength(1), 60_000);
    expect(letters).toMatchObject([{ target: { type: "shop/failing" }, input: undefined }]);
    expect(await client.call(echo, "small")).toBe("small");
    expect(await shop.cluster.starts()).toBe(starts);
  },
);

test("without its topics or a broker, a request fails with a code", SLOW, async () => {
  const noTopics = openClient({ name: "nowhere", patience: "1s" });
  await expect(noTopics.call(echo, "a")).rejects.toMatchObject({ code: "STORE_OPEN_FAILED" });
  const noBroker = openClient({ brokers: ["127.0.0.1:9"], patience: "1s" });
  await expect(noBroker.call(echo, "a")).rejects.toMatchObject({ code: "STORE_BUSY" });
});
