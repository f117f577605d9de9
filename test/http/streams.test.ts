import { embedded, fn, memory } from "handback";
import { asyncHttp, serveHttp } from "handback/http";
import type { Authorize } from "handback/http";
import { connect } from "node:net";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { VirtualClock } from "../../src/testing/simulation/machine/virtual-clock.ts";
import { openApp, requestOf } from "./open-app.ts";

/** Emits a word, waits for an event, emits its value. */
const talk = fn("streams/talk", (ctx, word: string) => {
  void ctx.emit("words", word);
  return ctx.onComplete(ctx.event<string>("next"), say);
});
const say = fn("streams/say", async (ctx, word: string) => {
  await ctx.emit("words", word);
  return word.length;
});
const functions = [talk, say];
const FIRST = { run: expect.any(String), epoch: expect.any(Number), value: "hello" };

async function openTalk(options: object = {}) {
  const { engine, clock, ask, store } = await openApp({ functions: [talk] }, { functions });
  const app = asyncHttp(engine.client, { functions: [talk], clock, ...options });
  const { body } = await ask("POST", "/functions/streams/talk", { body: "hello" });
  const flow = String(body["statusUrl"]);
  const get = async (
    path: string,
    headers: Readonly<Record<string, string>> = {},
    signal?: AbortSignal,
  ) => {
    const asked = { headers, ...(signal !== undefined && { signal }) };
    return clock.until(Promise.resolve(app.fetch(requestOf("GET", `${flow}${path}`, asked))));
  };
  const next = () => ask("POST", `${flow}/events/next`, { body: "world" });
  return { app, ask, clock, engine, flow, get, next, store };
}

/** Reads server-sent events as text. */
function reading(response: Response): { next(): Promise<string | undefined>; cancel(): unknown } {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  return {
    async next() {
      const { value } = await reader.read();
      return value === undefined ? undefined : new TextDecoder().decode(value);
    },
    cancel: () => reader.cancel(),
  };
}

/** Returns the lines of an event, with its data parsed. */
function parsed(text: string | undefined): Readonly<Record<string, unknown>> {
  const lines = (text ?? "").trimEnd().split("\n");
  return Object.fromEntries(
    lines.map((line): [string, unknown] => {
      const [name = "", rest = ""] = line.split(/: (.*)/s);
      return [name, name === "data" ? JSON.parse(rest) : rest];
    }),
  );
}

describe("a stream of a flow", () => {
  test("sends the items, new ones when they come, and the end of the flow", async () => {
    const { clock, get, next } = await openTalk();
    const response = await get("/streams/words");
    expect([response.status, response.headers.get("content-type")]).toEqual([
      200,
      "text/event-stream",
    ]);
    expect(response.headers.get("x-accel-buffering")).toBe("no");
    const stream = reading(response);
    expect(await stream.next()).toBe("retry: 2000\n\n");
    expect(parsed(await clock.until(stream.next()))["data"]).toEqual(FIRST);
    const coming = stream.next();
    await next();
    expect(parsed(await clock.until(coming))["data"]).toMatchObject({ value: "world" });
    expect(parsed(await clock.until(stream.next()))).toMatchObject({
      event: "end",
      data: { status: "completed", output: 5 },
    });
    expect(await clock.until(stream.next())).toBeUndefined();
  });

  test.each(["the header of a browser", "a parameter"])(
    "goes on after the item that the client has, told by %s",
    async (by) => {
      const { clock, get, next } = await openTalk();
      const stream = reading(await get("/streams/words"));
      await stream.next();
      const id = String(parsed(await clock.until(stream.next()))["id"]);
      stream.cancel();
      await next();
      const again = reading(
        await (by === "a parameter"
          ? get(`/streams/words?after=${id}`)
          : get("/streams/words", { "last-event-id": id })),
      );
      await again.next();
      expect(parsed(await clock.until(again.next()))["data"]).toMatchObject({ value: "world" });
    },
  );

  test("sends a comment while there is nothing to send", async () => {
    const { clock, get } = await openTalk({ heartbeat: "20s" });
    const stream = reading(await get("/streams/words"));
    await stream.next();
    await clock.until(stream.next());
    const began = clock.now();
    expect(await clock.until(stream.next())).toBe(": still here\n\n");
    expect(clock.now() - began).toBe(20_000);
    stream.cancel();
  });

  test("refuses what it cannot serve", async () => {
    const { ask, flow } = await openTalk();
    const code = async (path: string) => {
      const { status, body } = await ask("GET", path);
      return [status, body["code"]];
    };
    expect(await code(`${flow}/streams/words?after=x`)).toEqual([400, "INVALID_CURSOR"]);
    expect(await code(`${flow}/streams/words?after=x&after=y`)).toEqual([
      400,
      "REPEATED_PARAMETER",
    ]);
    expect(await code(`${flow}/streams/%01`)).toEqual([400, "INVALID_NAME"]);
    expect(await code("/flows/unknown/streams/words")).toEqual([404, "NOT_FOUND"]);
  });

  test("asks the hook for this stream", async () => {
    const authorize = vi.fn<Authorize>(() => false);
    const { get, flow } = await openTalk({ authorize });
    expect((await get("/streams/words")).status).toBe(403);
    expect(authorize.mock.calls.map(([, access]) => access)).toEqual([
      { action: "stream", flow: flow.split("/").at(-1), channel: "words" },
    ]);
  });
});

describe("a reader of a stream", () => {
  test("holds a place until it leaves, and HEAD holds none", async () => {
    const { app, flow, get } = await openTalk({ maxWaits: 1 });
    const head = await app.fetch(requestOf("HEAD", `${flow}/streams/words`));
    expect([head.status, head.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
    const stream = reading(await get("/streams/words"));
    expect((await get("/streams/words")).status).toBe(503);
    await stream.cancel();
    const leaving = new AbortController();
    expect((await get("/streams/words", {}, leaving.signal)).status).toBe(200);
    expect((await get("/streams/words")).status).toBe(503);
    leaving.abort();
    expect((await get("/streams/words", {}, AbortSignal.abort())).status).toBe(200);
    expect((await get("/streams/words")).status).toBe(200);
  });

  test("that takes nothing in time loses its place", async () => {
    const { clock, get } = await openTalk({ maxWaits: 1, readerTimeout: "5s" });
    const stream = reading(await get("/streams/words"));
    await stream.next();
    expect((await get("/streams/words")).status).toBe(503);
    await clock.advance(5_000);
    expect((await get("/streams/words")).status).toBe(200);
    expect(await stream.next()).toBeUndefined();
  });
});

const LONG = "x".repeat(100_000);
const many = fn("streams/many", async (ctx) => {
  for (let n = 0; n < 100; n++) await ctx.emit("words", LONG);
});

test(
  "a reader that is stuck is disconnected, and delays no other",
  { timeout: 60_000 },
  async () => {
    const engine = await embedded({ functions: [many], store: memory() });
    const clock = new VirtualClock();
    const app = asyncHttp(engine.client, { functions: [many], clock, readerTimeout: "5s" });
    const server = await serveHttp(app);
    onTestFinished(async () => {
      await server.close();
      await engine.close();
    });
    const started = await fetch(`${server.url}/functions/streams/many`, { method: "POST" });
    const { statusUrl } = (await started.json()) as { readonly statusUrl: string };
    const stuck = connect(server.port, "127.0.0.1");
    const gone = new Promise<void>((resolve) => stuck.once("close", () => resolve()));
    stuck.write(`GET ${statusUrl}/streams/words HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
    await new Promise<void>((resolve) => stuck.once("readable", () => resolve()));
    const whole = await (await fetch(`${server.url}${statusUrl}/streams/words`)).text();
    expect(whole.split(LONG)).toHaveLength(101);
    await vi.waitFor(async () => {
      await clock.advance(5_000);
      stuck.resume();
      await Promise.race([gone, Promise.reject(new Error("it is still connected"))]);
    });
  },
);
