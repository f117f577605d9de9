import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fn, stateful, value } from "handback";
import type { DeadLetterReport } from "handback";
import { restate } from "handback/restate";
import type { Restate } from "handback/restate";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { freePort } from "../support/free-port.ts";
import { deadlyFunctions } from "./support/deadly-functions.ts";
import { Deployments } from "./support/deployments.ts";
import { RestartingProgram } from "./support/restarting-program.ts";
import { RestateServer } from "./support/restate-server.ts";

const APP = fileURLToPath(new URL("support/deadly-app.ts", import.meta.url));
const WAIT = { timeout: 120_000, interval: 100 };

let server: RestateServer;
let deployments: Deployments;

beforeAll(async () => {
  server = await RestateServer.start();
  deployments = await Deployments.serve(server);
}, 60_000);

afterAll(async () => {
  deployments.close();
  await server.stop();
});

function open(application: string, functions: readonly object[]): Restate {
  const engine = restate({ functions, application, ingress: [server.ingress] });
  onTestFinished(() => engine.close());
  return engine;
}

/** Waits until so many messages have failed. */
async function lettersOf(engine: Restate, number: number): Promise<readonly DeadLetterReport[]> {
  let letters: readonly DeadLetterReport[] = [];
  const read = async (): Promise<number> => (letters = await engine.deadLetters()).length;
  await expect.poll(read, WAIT).toBe(number);
  return letters;
}

test("messages that failed are sent again or discarded, once each", async () => {
  let isOpen = false;
  const shop = stateful("letters/shop", {
    state: { sold: value(0) },
    handlers: {
      sell(ctx, n: number) {
        if (!isOpen) throw new Error("closed");
        ctx.state.sold += n;
      },
      sold: (ctx) => ctx.state.sold,
    },
  });
  const late = fn("letters/late", (): number => {
    throw new Error("it never has a value");
  });
  const order = fn("letters/order", { parts: [shop, late] }, (ctx, n: number) => {
    ctx.send(shop.sell, n, { id: "s" });
  });
  const hopeless = fn("letters/hopeless", { parts: [shop, late] }, (ctx) => {
    ctx.send(shop.sell, ctx.invoke(late), { id: "s" });
  });
  const engine = open("letters", [order, hopeless]);
  await deployments.add("letters", engine.handler);
  const { client } = engine;
  for (const n of [1, 2, 4]) await client.call(order, n);
  const letters = await lettersOf(engine, 3);
  const [one, two, four] = [1, 2, 4].map((n) => letters.find(({ input }) => input === n)?.id ?? "");
  expect(letters[0]).toMatchObject({ operation: "sell", isHeld: false });
  isOpen = true;
  expect(await Promise.all([engine.redrive(one ?? ""), engine.redrive(four ?? "")])).toEqual([
    true,
    true,
  ]);
  await engine.discard(two ?? "");
  expect(await engine.deadLetters()).toEqual([]);
  for (const id of [one, two, "none"])
    await expect(engine.redrive(id ?? "")).rejects.toMatchObject({ code: "NOT_FOUND" });
  await expect(engine.discard(two ?? "")).rejects.toMatchObject({ code: "NOT_FOUND" });
  await expect.poll(() => client.call(shop.sold, undefined, { id: "s" }), WAIT).toBe(5);
  await client.call(hopeless);
  const [without] = await lettersOf(engine, 1);
  expect(await engine.redrive(without?.id ?? "")).toBe(false);
  expect(await engine.deadLetters()).toHaveLength(1);
}, 180_000);

test("a letter for a function that the program does not have any more is kept", async () => {
  const fail = fn("kept/fail", () => {
    throw new Error("no");
  });
  const send = fn("kept/send", { parts: [fail] }, (ctx) => ctx.send(fail, undefined));
  const engine = open("kept", [send]);
  await deployments.add("kept", engine.handler);
  await engine.client.call(send);
  const [letter] = await lettersOf(engine, 1);
  const lacking = open("kept", [fn("kept/other", () => 1)]);
  deployments.replace("kept", lacking.handler);
  await expect(lacking.redrive(letter?.id ?? "")).rejects.toMatchObject({
    code: "UNKNOWN_FUNCTION",
    details: { function: "kept/fail" },
  });
  expect(await lacking.deadLetters()).toHaveLength(1);
}, 120_000);

test("messages that crash the process are given up, and others beside them end", async () => {
  const folder = mkdtempSync(join(tmpdir(), "handback-deadly-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const antidote = join(folder, "antidote");
  const port = await freePort();
  const given = [String(port), server.ingress, join(folder, "crashes"), antidote];
  const program = new RestartingProgram(APP, given);
  onTestFinished(() => program.stop());
  const { deadly, harmless } = deadlyFunctions(() => undefined);
  const engine = open("deadly", [deadly, harmless]);
  const { client } = engine;
  const register = () => server.deploy(`http://127.0.0.1:${port}`).then(() => true);
  await expect.poll(() => register().catch(() => false), WAIT).toBe(true);

  const calls = ["one", "two"].map((name) => client.call(deadly, name));
  const outcomes = Promise.allSettled(calls);
  const numbers = Array.from({ length: 12 }, (_, n) => n);
  expect(await Promise.all(numbers.map((n) => client.call(harmless, n)))).toEqual(numbers);
  const letters = await lettersOf(engine, 2);
  for (const letter of letters)
    expect(letter).toMatchObject({
      target: { type: "deadly/deadly" },
      failure: { code: "POISONED", details: { crashes: 3 } },
      isHeld: true,
    });
  // Once at first, and then at most once for each crash.
  expect(program.starts).toBeLessThanOrEqual(7);
  const idOf = (name: string): string => letters.find(({ input }) => input === name)?.id ?? "";
  await engine.discard(idOf("one"));
  writeFileSync(antidote, "");
  expect(await engine.redrive(idOf("two"))).toBe(true);
  expect(await outcomes).toMatchObject([
    { status: "rejected", reason: { code: "POISONED" } },
    { status: "fulfilled", value: "two survived" },
  ]);
}, 240_000);
