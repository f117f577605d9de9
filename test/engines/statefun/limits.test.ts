import fc from "fast-check";
import { fn, stateful, value } from "handback";
import type { Client, DeadLetterReport, Fn, Settlement } from "handback";
import { silentLog } from "handback/engine";
import { int, statefun } from "handback/statefun";
import { SeededRandom, VirtualClock } from "handback/testing";
import { expect, onTestFinished, test } from "vitest";
import { driven } from "../../../src/testing/conformance/driven.ts";
import { WireCluster } from "./cluster/wire-cluster.ts";

const [REPLIES, OUT] = ["test/replies", "shop/out"] as const;

/** Runs functions on a cluster that restarts its job for what is over its limits. */
function clusterWith(functions: readonly object[], answerLimit: number, recordLimit: number) {
  const clock = new VirtualClock();
  const letters: DeadLetterReport[] = [];
  const cluster = new WireCluster({
    handle: () => engine.handle,
    clock,
    random: new SeededRandom(1),
    namespaces: ["_sys", "shop"],
    egresses: [REPLIES, OUT],
    answerLimit,
    recordLimit,
  });
  const engine = statefun({
    functions,
    ingress: cluster.ingress,
    egress: cluster.egress(REPLIES),
    responseLimit: answerLimit,
    egresses: [OUT],
    recordLimits: { [REPLIES]: recordLimit, [OUT]: recordLimit },
    clock,
    log: silentLog,
    onDeadLetter: (letter) => void letters.push(letter),
  });
  const end = (): void => {
    engine.close();
    cluster.stop();
    expect(cluster.failure).toBeUndefined();
  };
  return { client: driven(engine.client, clock), letters, end };
}

function openCluster(...options: Parameters<typeof clusterWith>) {
  const opened = clusterWith(...options);
  onTestFinished(opened.end);
  return opened;
}

function outcomeOf(client: Client, of: Fn<number, unknown>, n: number): Promise<unknown> {
  return client.call(of, n).then(
    () => "done",
    (error: unknown) => (error as { readonly code?: string }).code,
  );
}

const TOO_LARGE = { code: "PAYLOAD_TOO_LARGE" };

const repeat = fn("shop/repeat", (_, n: number) => "x".repeat(n));
const echo = fn("shop/echo", (_, text: string) => text.length);
/** Sends two messages of a size, and returns it. */
const send = fn("shop/send", (ctx, n: number) => {
  ctx.send(echo, "x".repeat(n));
  ctx.send(echo, "x".repeat(n));
  return n;
});
const counter = stateful("shop/counter", {
  state: { count: value<number>(undefined, { type: int }) },
  handlers: { set: (ctx, n: number) => (ctx.state.count = n) },
});
const told = fn("shop/told", (_, settled: Settlement<number>) =>
  settled.status === "fulfilled" ? "sent" : settled.reason.code,
);
const length = fn("shop/length", (_, text: string) => text.length);
/** Joins two results of a size. */
const join = fn("shop/join", (ctx, n: number) =>
  ctx.all([ctx.invoke(repeat, n), ctx.invoke(repeat, n)]),
);
/** Passes a result on twice, through a future that is a value as well. */
const share = fn("shop/share", (ctx, n: number) => {
  const text = ctx.invoke(repeat, n);
  return ctx.all([ctx.invoke(length, text), ctx.invoke(length, text)]);
});
const caught = fn("shop/caught", (ctx, n: number) => ctx.onSettled(ctx.invoke(send, n), told));

test("a call whose effects have no room in an answer fails for its caller, and is a dead letter", async () => {
  const { client, letters } = openCluster([caught, told, send, echo], 20_000, 20_000);
  await expect(client.call(send, 12_000)).rejects.toMatchObject(TOO_LARGE);
  expect(letters).toMatchObject([{ target: { type: "shop/send" }, failure: TOO_LARGE }]);
  expect(await client.call(caught, 12_000)).toBe("PAYLOAD_TOO_LARGE");
  expect(await client.call(caught, 100)).toBe("sent");
});

test("a call whose effects cannot be written fails for its caller, and is a dead letter", async () => {
  const { client, letters } = openCluster([counter], 20_000, 20_000);
  const at = { id: "a" };
  await expect(client.call(counter.set, 0.5, at)).rejects.toMatchObject({ code: "UNSERIALIZABLE" });
  expect(letters).toMatchObject([{ target: { type: "shop/counter" } }]);
  expect(await client.call(counter.set, 2, at)).toBe(2);
});

test.each([
  ["an answer beside the record of its flow", 30_000, 30_000],
  ["a record of the egress", 100_000, 16_384],
])(
  "a result without room in %s settles its flow, and is PAYLOAD_TOO_LARGE for clients",
  async (_, answerLimit, recordLimit) => {
    const { client } = openCluster([repeat], answerLimit, recordLimit);
    await expect(client.call(repeat, 20_000)).rejects.toMatchObject(TOO_LARGE);
    const flow = await client.start(repeat, 20_000, { key: "large" });
    // Alone, without its record, the value may have room.
    const later = await flow.result().then(
      (text) => text.length,
      (error: unknown) => (error as { readonly code?: string }).code,
    );
    expect(later).toBe(recordLimit > 20_000 ? 20_000 : TOO_LARGE.code);
    expect(await client.purge(flow)).toBe(true);
    expect(await client.call(repeat, 100)).toHaveLength(100);
  },
);

test("a dead letter without room in a record of its egress lacks the message", async () => {
  const failing = fn("shop/failing", (_, text: string): void => {
    throw new RangeError(`${text.length} characters`);
  });
  const lose = fn("shop/lose", (ctx, n: number) => ctx.send(failing, "x".repeat(n)));
  const { client, letters } = openCluster([failing, lose], 100_000, 16_384);
  await client.call(lose, 10);
  await client.call(lose, 20_000);
  await client.call(lose, 20);
  expect(letters.map(({ input }) => (input as string | undefined)?.length)).toEqual([
    10,
    undefined,
    20,
  ]);
  expect(letters[1]?.failure).toMatchObject({ name: "RangeError", message: "20000 characters" });
});

test("a join that has no room in an answer rejects, and so does what waits for it", async () => {
  const { client, letters } = openCluster([join, repeat], 20_000, 20_000);
  await expect(client.call(join, 12_000)).rejects.toMatchObject(TOO_LARGE);
  expect(letters).toMatchObject([{ target: { type: "_sys/all" }, failure: TOO_LARGE }]);
  expect(await client.call(join, 100)).toHaveLength(2);
});

test("a start whose input has no room in an answer is PAYLOAD_TOO_LARGE", async () => {
  const { client, letters } = openCluster([length], 20_000, 20_000);
  const text = "x".repeat(20_000);
  await expect(client.start(length, text, { key: "large" })).rejects.toMatchObject(TOO_LARGE);
  expect(letters).toMatchObject([{ target: { type: "_sys/flow" }, failure: TOO_LARGE }]);
  await expect(client.status("large")).rejects.toMatchObject({ code: "NOT_FOUND" });
  expect(await client.call(length, "small")).toBe(5);
});

test("a value for an egress that is larger than its record may be fails its call", async () => {
  const tell = fn("shop/tell", (ctx, n: number) => ctx.egress(OUT, "x".repeat(n)));
  const { client, letters } = openCluster([tell], 100_000, 16_384);
  await expect(client.call(tell, 20_000)).rejects.toMatchObject(TOO_LARGE);
  await client.call(tell, 100);
  expect(letters).toMatchObject([{ target: { type: "shop/tell" }, failure: TOO_LARGE }]);
});

test("whatever its size, no message restarts the job, and each call settles", async () => {
  const size = fc.oneof(fc.nat(200), fc.integer({ min: 0, max: 40_000 }));
  const calls = fc.array(
    fc.record({
      of: fc.constantFrom<Fn<number, unknown>>(repeat, send, caught, join, share),
      n: size,
    }),
    {
      minLength: 1,
      maxLength: 6,
    },
  );
  const limit = fc.integer({ min: 16_384, max: 30_000 });
  await fc.assert(
    fc.asyncProperty(calls, limit, limit, async (batch, answerLimit, recordLimit) => {
      const functions = [repeat, send, echo, caught, told, join, share, length];
      const { client, end } = clusterWith(functions, answerLimit, recordLimit);
      const settled = await Promise.all(batch.map(({ of, n }) => outcomeOf(client, of, n)));
      for (const [at, { n }] of batch.entries())
        expect(n < 1_000 ? ["done"] : ["done", "PAYLOAD_TOO_LARGE"]).toContain(settled[at]);
      end();
    }),
  );
});
