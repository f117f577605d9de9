import fc from "fast-check";
import { createClient } from "handback/client";
import { asyncHttp, serveHttp } from "handback/http";
import { expect, onTestFinished, test } from "vitest";
import { ServerEvents } from "../../src/client/streams/server-events.ts";
import type { ReceivedEvent } from "../../src/client/streams/server-events.ts";
import { functions, openServer } from "./open-server.ts";

test("a stream gives the items, new ones when they come, and ends with its flow", async () => {
  const { client } = await openServer();
  const flow = await client.start("remote/talk", "hello");
  const words: string[] = [];
  for await (const { value, cursor, epoch, run } of flow.stream<string>("words")) {
    expect([typeof cursor, typeof epoch, typeof run]).toEqual(["string", "number", "string"]);
    words.push(value);
    if (value === "hello") await client.signal(flow, "next", "world");
  }
  expect(words).toEqual(["hello", "world"]);
});

test("a stream goes on after the cursor of an item", async () => {
  const { client } = await openServer();
  const flow = await client.start("remote/talk", "hello");
  let after: string | undefined;
  for await (const { cursor } of flow.stream("words")) {
    after = cursor;
    break;
  }
  await client.signal(flow, "next", "world");
  const rest: unknown[] = [];
  for await (const { value } of client.stream(flow, "words", { after })) rest.push(value);
  expect(rest).toEqual(["world"]);
});

test("a stream whose connection is cut goes on with the next item", async () => {
  const { client, engine, server } = await openServer();
  const flow = await client.start("remote/talk", "hello");
  const asked: (string | undefined)[] = [];
  let cut = (): void => undefined;
  const cutting = createClient<typeof functions>(server.url, {
    fetch: async (url, init) => {
      asked.push((init.headers as Record<string, string>)["last-event-id"]);
      const cutter = new AbortController();
      cut = () => cutter.abort();
      const signal = AbortSignal.any([cutter.signal, init.signal as AbortSignal]);
      return fetch(url, { ...init, signal });
    },
  });
  const items: { readonly cursor: string; readonly value: unknown }[] = [];
  for await (const item of cutting.stream(flow.id, "words")) {
    if (items.push(item) > 1) continue;
    cut();
    await engine.client.signal(flow.id, "next", "world");
  }
  expect(items.map(({ value }) => value)).toEqual(["hello", "world"]);
  expect(asked).toEqual([undefined, items[0]?.cursor]);
});

test("a stream outlives a server that restarts on its port", async () => {
  const { client, engine, server } = await openServer();
  const flow = await client.start("remote/talk", "hello");
  const values: unknown[] = [];
  for await (const { value } of flow.stream("words")) {
    if (values.push(value) > 1) continue;
    await server.close();
    const app = asyncHttp(engine.client, { functions });
    const again = await serveHttp(app, { port: server.port });
    onTestFinished(() => again.close());
    await engine.client.signal(flow.id, "next", "world");
  }
  expect(values).toEqual(["hello", "world"]);
});

test("a silent stream is opened again", async () => {
  const { client, server } = await openServer();
  const flow = await client.start("remote/talk", "hello");
  let opened = 0;
  const impatient = createClient<typeof functions>(server.url, {
    silenceMs: 50,
    async fetch(url, init) {
      // The second connection is the one after the silence.
      if (++opened === 2) await client.signal(flow, "next", "world");
      return fetch(url, init);
    },
  });
  const values: unknown[] = [];
  for await (const { value } of impatient.stream(flow, "words")) values.push(value);
  expect(values).toEqual(["hello", "world"]);
});

test("a reader that leaves gives its place back", async () => {
  const { client } = await openServer({ maxWaits: 1 }, { patienceMs: 0 });
  const flow = await client.start("remote/talk", "hello");
  const first = flow.stream("words");
  await first.next();
  await expect(flow.stream("words").next()).rejects.toMatchObject({ code: "OVERLOADED" });
  await first.return();
  await expect
    .poll(async () => {
      const again = flow.stream("words");
      const next = await again.next().catch(() => undefined);
      await again.return();
      return next?.value?.value;
    })
    .toBe("hello");
});

test("a stream is refused with the code of the engine", async () => {
  const { client } = await openServer();
  const flow = await client.start("remote/talk", "hello");
  const refusals = [
    [client.stream("unknown", "words"), "NOT_FOUND"],
    [flow.stream("words", { after: "x" }), "INVALID_CURSOR"],
    [flow.stream("\u0001"), "INVALID_NAME"],
  ] as const;
  for (const [stream, code] of refusals)
    await expect(stream.next()).rejects.toMatchObject({ code });
});

const field = fc.oneof(
  fc.constantFrom("data", "id", "event", "retry", "", "DATA", "data:", ": data"),
  fc.string({ maxLength: 4 }),
);
const line = fc.tuple(field, fc.constantFrom(":", ": ", ""), fc.string({ maxLength: 6 }));
const text = fc
  .array(fc.tuple(fc.option(line), fc.constantFrom("\n", "\r", "\r\n", "\n\n")))
  .map((lines) =>
    lines
      .map(([parts, end]) => `${(parts ?? []).join("").replaceAll(/[\r\n]/g, "")}${end}`)
      .join(""),
  );

test("events are the same however their text is cut", () => {
  const read = (pieces: readonly string[]): readonly ReceivedEvent[] => {
    const events = new ServerEvents();
    return pieces.flatMap((piece) => events.take(piece));
  };
  fc.assert(
    fc.property(text, fc.array(fc.nat()), (whole, cuts) => {
      const places = [...new Set(cuts.map((cut) => cut % (whole.length + 1)))].toSorted(
        (a, b) => a - b,
      );
      const pieces = [...places, whole.length].map((end, at) =>
        whole.slice(places[at - 1] ?? 0, end),
      );
      // A line end at the very end may be the first half of another.
      expect(read([...pieces, ":\n"])).toEqual(read([whole, ":\n"]));
    }),
  );
});

test("events are read as a browser reads them", () => {
  const events = new ServerEvents();
  const read = events.take(
    "\uFEFF: hello\nid: 1\ndata: a\ndata:  b\r\n\r\nevent: end\rdata\r\revent: lost\n\nid\ndata:c\n\n",
  );
  expect(read).toEqual([
    { id: "1", event: "message", data: "a\n b" },
    { id: "1", event: "end", data: "" },
    { id: "", event: "message", data: "c" },
  ]);
});

test("a long event costs no more per piece than a short one", () => {
  const events = new ServerEvents();
  const [piece, pieces] = ["x".repeat(256), 65_536];
  events.take("data: ");
  // To look at all earlier pieces each time takes minutes: they are 16 MiB.
  for (let at = 0; at < pieces; at++) events.take(piece);
  const [event] = events.take("\n\n");
  expect(event?.data).toHaveLength(piece.length * pieces);
});
