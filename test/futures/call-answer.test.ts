import fc from "fast-check";
import { fn, stateful, value } from "handback";
import type { Context } from "handback";
import { Client, DEFAULT_PAYLOAD_LIMIT } from "handback/engine";
import type { ClientRequest, Engine } from "handback/engine";
import { describe, expect, test } from "vitest";
import { VirtualClock } from "../../src/testing/simulation/machine/virtual-clock.ts";
import { poorest } from "../engines/poorest/poorest.ts";

const double = fn("answer/double", (_, n: number) => n * 2);
const refuse = fn("answer/refuse", (): number => {
  throw new Error("no");
});
const wait = fn("answer/wait", (ctx: Context) => ctx.event<string>("word"));
const counter = stateful("answer/counter", {
  state: { count: value(0) },
  handlers: { add: (ctx, n: number) => (ctx.state.count += n) },
});
const functions = [double, refuse, wait, counter];

type Send = (engine: Engine, request: ClientRequest) => void;

/** Makes a client of an engine. `send` sees each request, and may send more. */
function clientOf(engine: Engine, send: Send): Client {
  const seen: Engine = {
    storeId: engine.storeId,
    capabilities: engine.capabilities,
    knows: (type) => engine.knows(type),
    nextFlow: () => engine.nextFlow(),
    nextRequest: () => engine.nextRequest(),
    listen: (key) => engine.listen(key),
    read: (reader) => engine.read(reader),
    now: () => engine.now(),
    ask(request) {
      const answer = engine.ask(request);
      send(engine, request);
      return answer;
    },
  };
  return new Client(seen, DEFAULT_PAYLOAD_LIMIT);
}

/** Opens an engine without any capability. */
function open(seed: number, send: Send) {
  const { engine } = poorest({ functions, clock: new VirtualClock(), seed });
  return { engine, client: clientOf(engine, send) };
}

describe("a call on an engine that cannot be read from outside", () => {
  const asked = (seed = 1) => {
    const names: string[] = [];
    return { names, ...open(seed, (_, { envelope }) => void names.push(envelope.name)) };
  };

  test("sends one request, whether the flow is new, pending or settled", async () => {
    const { names, client, engine } = asked();
    expect(await client.call(double, 1)).toBe(2);
    expect(await client.call(double, 2, { key: "settled" })).toBe(4);
    expect(await client.call(double, 2, { key: "settled" })).toBe(4);
    await client.start(wait, undefined, { key: "pending" });
    const first = client.call(wait, undefined, { key: "pending" });
    const second = client.call(wait, undefined, { key: "pending" });
    expect(names.splice(0)).toEqual(Array.from({ length: 6 }, () => "start"));
    await client.signal("pending", "word", "hello");
    expect(await Promise.all([first, second])).toEqual(["hello", "hello"]);
    expect(names).toEqual(["signal"]);
    engine.close();
  });

  test("gets the failure of a flow, also of one that has failed before", async () => {
    const { names, client, engine } = asked();
    for (let time = 0; time < 2; time++)
      await expect(client.call(refuse, undefined, { key: "failed" })).rejects.toMatchObject({
        code: "FUNCTION_FAILED",
      });
    expect(names).toEqual(["start", "start"]);
    engine.close();
  });

  test("is refused if the flow was started with another input, and does not hear of that flow", async () => {
    const { client, engine } = asked();
    const flow = await client.start(double, 1, { key: "k" });
    await expect(client.call(double, 2, { key: "k" })).rejects.toMatchObject({
      code: "IDEMPOTENCY_CONFLICT",
    });
    expect(await flow.result()).toBe(2);
    engine.close();
  });
});

test("a request that arrives again counts once, whatever the order", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 3 }), async (seed, copies) => {
      const starts: ClientRequest[] = [];
      const { client, engine } = open(seed, (inner, request) => {
        if (request.envelope.name === "start") starts.push(request);
        for (let copy = 0; copy < copies; copy++) inner.ask(request).catch(() => undefined);
      });
      expect(await client.call(counter.add, 5, { id: "a" })).toBe(5);
      const flow = await client.start(counter.add, 5, { id: "a", key: "k" });
      expect(await flow.result()).toBe(10);
      const waiting = await client.start(wait);
      await client.signal(waiting, "word", "once", { key: "s" });
      expect(await waiting.result()).toBe("once");
      expect(await client.call(counter.add, 0, { id: "a" })).toBe(10);
      // Answers may be lost, so a start may be repeated after its flow has ended.
      for (const request of starts) {
        const { control } = await engine.ask(request);
        expect(control).not.toMatchObject({ outcome: "conflict" });
      }
      expect(await client.call(counter.add, 0, { id: "a" })).toBe(10);
      expect(await client.bill(flow.id)).toMatchObject({ runs: 1, final: true });
      engine.close();
    }),
    { numRuns: 30 },
  );
});

test("two clients of one engine have different keys", async () => {
  const keys = new Set<string>();
  const { engine } = open(1, () => undefined);
  const clients = [1, 2].map(() => clientOf(engine, (_, { key }) => void keys.add(key)));
  const results = clients.flatMap((client) => [1, 2, 3].map((n) => client.call(double, n)));
  expect(await Promise.all(results)).toEqual([2, 4, 6, 2, 4, 6]);
  expect(keys.size).toBe(6);
  engine.close();
});
