import { fn } from "handback";
import type { Context } from "handback";
import {
  int,
  kafkaRecord,
  kinesisRecord,
  long,
  requestReply,
  string,
  typed,
} from "handback/statefun";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { of, OPTIONS, runBatch } from "../support/run-batch.ts";
import type { Effects } from "../support/run-batch.ts";

const STRING = string.typename;

/** Time stands still, so that delays are the ones that handlers ask for. */
const clock = { now: () => 0, monotonicNs: () => 0, setTimer: () => () => undefined };

/** Runs a handler for one message, or for several with the numbers from 0. */
function send(handler: (ctx: Context, n: number) => void, count = 1): Promise<Effects> {
  const invocations = Array.from({ length: count }, (_, n) => ({ argument: of(int, n) }));
  return runBatch(fn("shop/sends", handler), { invocations }, { ...OPTIONS, clock });
}

test("`ctx.send` sends a message to a function by its type and id, in order", async () => {
  const { messages } = await send((ctx, n) => {
    ctx.send("mail/sender", `id ${n}`, typed(int, n));
    ctx.send("mail/other", "a/b", `text ${n}`);
  }, 2);
  expect(messages).toEqual([
    ["mail/sender/id 0", int.typename, 0],
    ["mail/other/a/b", STRING, "text 0"],
    ["mail/sender/id 1", int.typename, 1],
    ["mail/other/a/b", STRING, "text 1"],
  ]);
});

test("a plain value goes out in the type that other SDKs would give it", async () => {
  const values = ["x", true, 5, 0.5, 2 ** 31, 7n, { a: 1 }, null];
  const { messages } = await send((ctx) => {
    for (const value of values) ctx.send("mail/sender", "1", value);
  });
  const types = "string bool int double double long"
    .split(" ")
    .map((t) => `io.statefun.types/${t}`);
  expect(messages.map(([, type]) => type)).toEqual([...types, "handback/json", "handback/json"]);
  expect(messages.map(([, , value]) => value)).toEqual(values);
});

test.each([
  ["an empty id", (ctx: Context) => ctx.send("mail/sender", "", "x"), "INVALID_KEY"],
  ["no message", (ctx: Context) => ctx.send("mail/sender", "1", undefined), "UNSERIALIZABLE"],
  ["no slash", (ctx: Context) => ctx.send("sender", "1", "x"), "INVALID_NAME"],
  ["two slashes", (ctx: Context) => ctx.send("mail/a/b", "1", "x"), "INVALID_NAME"],
  ["no namespace", (ctx: Context) => ctx.send("/sender", "1", "x"), "INVALID_NAME"],
  ["an unknown function", (ctx: Context) => ctx.send("shop/none", "1", "x"), "UNKNOWN_FUNCTION"],
  ["an egress as a function", (ctx: Context) => ctx.send("shop/out", "1", "x"), "UNKNOWN_FUNCTION"],
  ["an unknown egress", (ctx: Context) => ctx.egress("shop/none", "x"), "UNKNOWN_EGRESS"],
  ["a function as an egress", (ctx: Context) => ctx.egress("mail/sender", "x"), "UNKNOWN_EGRESS"],
  ["no value for an egress", (ctx: Context) => ctx.egress("shop/out", undefined), "UNSERIALIZABLE"],
  [
    "a type of two slashes",
    (ctx: Context) => ctx.send("mail/sender", "1", { type: "a/b/c", value: 1 }),
    "INVALID_NAME",
  ],
  [
    "a negative delay",
    (ctx: Context) => ctx.send("mail/sender", "1", "x", { delay: -1 }),
    "INVALID_DELAY",
  ],
  [
    "an endless delay",
    (ctx: Context) => ctx.send("mail/sender", "1", "x", { delay: Infinity }),
    "INVALID_DELAY",
  ],
  [
    "an empty token",
    (ctx: Context) => ctx.send("mail/sender", "1", "x", { delay: 1, token: "" }),
    "INVALID_NAME",
  ],
  ["an empty token to cancel", (ctx: Context) => ctx.cancelSend(""), "INVALID_NAME"],
])("a message with %s fails alone, and its batch goes on", async (_, handler, code) => {
  const effects = await send((ctx, n) => {
    ctx.send("mail/sender", "1", n);
    if (n === 1) handler(ctx);
  }, 3);
  expect(effects).toEqual({
    messages: [
      ["mail/sender/1", int.typename, 0],
      ["mail/sender/1", int.typename, 2],
    ],
    delayed: [],
    egress: [],
    state: {},
    dead: [code],
  });
});

test("an invocation of a function that another program serves is UNKNOWN_FUNCTION, for it cannot answer", async () => {
  const elsewhere = fn("mail/elsewhere", () => 1);
  const effects = await send((ctx) => void ctx.invoke(elsewhere));
  expect(effects).toMatchObject({ messages: [], dead: ["UNKNOWN_FUNCTION"] });
});

test("no delay is shorter than asked for, and 0 is a delay", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(2 ** 31).map((thousandths) => thousandths / 1_000),
      async (delay) => {
        const { delayed } = await send((ctx) => ctx.send("mail/sender", "1", "x", { delay }));
        const [only] = delayed;
        if (only === undefined || !("sent" in only)) throw new Error("expected one message");
        expect(only.delayMs).toBeGreaterThanOrEqual(delay);
        expect(only.delayMs).toBeLessThanOrEqual(Math.ceil(delay) + 1);
      },
    ),
    { numRuns: 50 },
  );
});

test("a delayed message can be cancelled by its token, in the same message or in a later one", async () => {
  const { delayed } = await send((ctx, n) => {
    if (n === 0) ctx.send("mail/sender", "1", "x", { delay: 5, token: "t" });
    else ctx.cancelSend("t");
  }, 2);
  expect(delayed).toEqual([
    { cancel: "shop/sends\nt" },
    { sent: ["mail/sender/1", STRING, "x"], delayMs: 5, token: "shop/sends\nt" },
    { cancel: "shop/sends\nt" },
  ]);
});

test("every use of a token is cancelled first, and no two functions share a token", async () => {
  const step = fc.record({ token: fc.constantFrom("a", "b"), cancel: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
      const { delayed } = await send((ctx, n) => {
        const { token = "a", cancel = true } = steps[n] ?? {};
        if (cancel) ctx.cancelSend(token);
        else ctx.send("mail/sender", "1", "x", { delay: 5, token });
      }, steps.length);
      const live = new Set<string>();
      for (const each of delayed) {
        if ("cancel" in each) live.delete(each.cancel);
        else {
          const { token = "" } = each;
          expect(token).toMatch(/^shop\/sends\n[ab]$/);
          expect(live.has(token)).toBe(false);
          live.add(token);
        }
      }
    }),
    { numRuns: 50 },
  );
});

test("`ctx.egress` sends records to Kafka and Kinesis, with and without a key", async () => {
  const kafka = { topic: "out", key: "k", value: Uint8Array.of(1) };
  const keyless = { topic: "out", value: new Uint8Array() };
  const kinesis = { stream: "s", partitionKey: "p", explicitHashKey: "1", value: Uint8Array.of(2) };
  const { egress } = await send((ctx) => {
    ctx.egress("shop/out", typed(kafkaRecord, kafka));
    ctx.egress("shop/out", typed(kafkaRecord, keyless));
    ctx.egress("shop/out", typed(kinesisRecord, kinesis));
    ctx.egress("shop/out", typed(long, 7n));
  });
  expect(egress).toEqual([
    ["shop/out", "type.googleapis.com/io.statefun.sdk.egress.KafkaProducerRecord", kafka],
    ["shop/out", "type.googleapis.com/io.statefun.sdk.egress.KafkaProducerRecord", keyless],
    ["shop/out", "type.googleapis.com/io.statefun.sdk.egress.KinesisEgressRecord", kinesis],
    ["shop/out", long.typename, 7n],
  ]);
});

test("a dead letter for a Kafka egress is a Kafka record, for the egress fails on any other", async () => {
  const fails = fn("shop/fails", () => {
    throw new Error("no");
  });
  const options = { ...OPTIONS, deadLetters: "shop/out", kafkaTopics: { "shop/out": "dead" } };
  const invocations = [{ argument: of(int, 1) }];
  const { egress } = await runBatch(fails, { invocations }, options);
  expect(egress).toMatchObject([
    ["shop/out", kafkaRecord.typename, { topic: "dead", key: "handback/dead-letter" }],
  ]);
  const [, , record] = egress[0] ?? [];
  const { value } = record as { readonly value: Uint8Array };
  expect(JSON.parse(new TextDecoder().decode(value))).toMatchObject({
    target: { type: "shop/fails", id: "1" },
    failure: { message: "no" },
  });
  for (const topic of ["", "a b", "x".repeat(250)])
    expect(() => requestReply({ kafkaTopics: { "shop/out": topic } })).toThrow(
      /INVALID_OPTIONS.*kafkaTopics/,
    );
});

test("a record without a topic, stream or partition key is UNSERIALIZABLE", async () => {
  const value = Uint8Array.of(1);
  for (const [type, record] of [
    [kafkaRecord, { topic: "", value }],
    [kafkaRecord, { topic: "out", value: "text" }],
    [kinesisRecord, { stream: "s", partitionKey: "", value }],
    [kinesisRecord, { stream: "", partitionKey: "p", value }],
  ] as const) {
    const message = { type: type.typename, value: record };
    expect((await send((ctx) => ctx.egress("shop/out", message))).dead).toEqual(["UNSERIALIZABLE"]);
  }
});
