import { embedded, fn, HandbackError, memory } from "handback";
import { asyncHttp } from "handback/http";
import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalText } from "../../src/core/codec/canonical-text.ts";
import { codec } from "../../src/futures/protocol/codec.ts";
import { Client } from "../../src/futures/client/client.ts";
import { wrong } from "../bad-input/open-engine.ts";
import { digest } from "../../src/core/crypto/digest.ts";

const echo = fn("equal/echo", (_, input: unknown) => input);

const json = fc.jsonValue({ stringUnit: "binary" });

/** Copies a value with the keys of all its objects in another order. */
function reordered(data: unknown): unknown {
  if (typeof data !== "object" || data === null) return data;
  if (Array.isArray(data)) return data.map(reordered);
  if (data instanceof Map)
    return new Map([...data].map(([key, item]) => [reordered(key), reordered(item)]));
  if (data instanceof Set) return new Set([...data].map(reordered));
  if (Object.getPrototypeOf(data) !== Object.prototype) return data;
  return Object.fromEntries(
    Object.entries(data)
      .toReversed()
      .map(([key, item]) => [key, reordered(item)]),
  );
}

test("an equal input attaches, whatever the order of its keys, and another one is a conflict", async () => {
  const engine = await embedded({ functions: [echo], store: memory() });
  const { client } = engine;
  let keys = 0;
  const input = fc.oneof(json, fc.anything({ withDate: true, withMap: true, withSet: true }));
  await fc.assert(
    fc.asyncProperty(input, json, async (value, other) => {
      const key = `key-${keys++}`;
      try {
        await client.start(echo, value, { key });
      } catch (error) {
        fc.pre(!HandbackError.is(error, "UNSERIALIZABLE"));
        throw error;
      }
      await client.start(echo, reordered(value), { key });
      await client.start(echo, reordered(reordered(value)), { key });
      if (canonicalText(codec.encode(value)) === canonicalText(codec.encode(other))) return;
      await expect(client.start(echo, other, { key })).rejects.toMatchObject({
        code: "IDEMPOTENCY_CONFLICT",
      });
    }),
  );
  await engine.close();
});

/** Stores keep digests of canonical texts, so these never change. */
function plainCanonicalText(data: unknown): string {
  if (typeof data !== "object" || data === null) return JSON.stringify(data);
  if (Array.isArray(data)) return `[${data.map(plainCanonicalText).join(",")}]`;
  const entries = Object.entries(data).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${plainCanonicalText(item)}`).join(",")}}`;
}

const SCALARS = [0, 1e-7, -1.5e300, true, null, "\u0000", "\ud800", "\u2028", '"\\'];
const keyText = fc.oneof(fc.string({ unit: "binary" }), fc.nat(12).map(String), fc.constant(""));

test("the canonical text of a value stays the same in all releases", () => {
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      fc.constantFrom(...SCALARS),
      fc.array(tie("tree"), { maxLength: 4 }),
      fc.dictionary(keyText, tie("tree"), { maxKeys: 5 }),
    ),
  }));
  fc.assert(
    fc.property(tree, (value) => {
      const text = codec.encode(value);
      if (text.includes("{"))
        expect(canonicalText(text)).toBe(plainCanonicalText(JSON.parse(text)));
    }),
  );
});

test.each([
  ["0 and -0", 0, -0],
  ["lists in another order", [1, 2], [2, 1]],
  [
    "Maps in another order",
    new Map([
      ["a", 1],
      ["b", 2],
    ]),
    new Map([
      ["b", 2],
      ["a", 1],
    ]),
  ],
  ["Sets in another order", new Set([1, 2]), new Set([2, 1])],
  ["a number and its text", 1, "1"],
  ["null and undefined", null, undefined],
])("%s are different inputs", async (_, one, other) => {
  const engine = await embedded({ functions: [echo], store: memory() });
  await engine.client.start(echo, one, { key: "k" });
  await expect(engine.client.start(echo, other, { key: "k" })).rejects.toMatchObject({
    code: "IDEMPOTENCY_CONFLICT",
  });
  await engine.close();
});

test("over HTTP, an equal body attaches whatever the order of its keys", async () => {
  const engine = await embedded({ functions: [echo], store: memory() });
  const app = asyncHttp(engine.client, { functions: [echo] });
  const post = async (body: string): Promise<number> => {
    const headers = { "content-type": "application/json", "idempotency-key": "order-2" };
    const url = "http://localhost/functions/equal/echo";
    const response = await app.fetch(new Request(url, { method: "POST", headers, body }));
    return response.status;
  };
  expect([200, 202]).toContain(await post('{ "a": 1, "b": { "c": [1], "d": 2 } }'));
  expect([200, 202]).toContain(await post('{ "b": { "d": 2, "c": [1] }, "a": 1 }'));
  expect(await post('{ "b": { "d": 2, "c": [2] }, "a": 1 }')).toBe(409);
  await engine.close();
});

test("a promise that was settled with an equal value accepts it again", async () => {
  let token = "";
  const ask = fn("equal/ask", (ctx) => {
    const promise = ctx.promise();
    ({ token } = promise);
    return promise;
  });
  const engine = await embedded({ functions: [ask], store: memory() });
  const flow = await engine.client.start(ask);
  await expect.poll(() => token, { interval: 1 }).not.toBe("");
  await engine.client.settle(token, { a: 1, b: 2 });
  await engine.client.settle(token, { b: 2, a: 1 });
  await expect(engine.client.settle(token, { a: 2, b: 2 })).rejects.toMatchObject({
    code: "ALREADY_COMPLETED",
  });
  expect(await flow.result()).toEqual({ a: 1, b: 2 });
  await engine.close();
});

test("a flow that an earlier version started attaches with the input as it was given", async () => {
  // Earlier versions digested the text of the input as it was.
  const stored = digest(`equal/echo\ncall\n\n${codec.encode({ b: 1, a: 2 })}`);
  const asked: unknown[] = [];
  const engine = {
    capabilities: new Set(),
    knows: () => true,
    nextFlow: () => "0",
    nextRequest: () => "ask",
    ask: async ({ envelope: { control } }: { envelope: { control: { digest: string } } }) => {
      asked.push(control.digest);
      const outcome = control.digest === stored ? "attached" : "conflict";
      return Promise.resolve({ control: { outcome, type: "equal/echo", name: "call" } });
    },
  };
  const client = new Client(wrong(engine), 1e6);
  expect((await client.start(echo, { b: 1, a: 2 }, { key: "k" })).id).toBe("k");
  expect(asked).toHaveLength(2);
  for (const other of [
    { a: 2, b: 1 },
    { b: 1, a: 3 },
  ])
    await expect(client.start(echo, other, { key: "k" })).rejects.toMatchObject({
      code: "IDEMPOTENCY_CONFLICT",
    });
});
