import { getRequestListener } from "@hono/node-server";
import { embedded, fn, memory } from "handback";
import type { Embedded } from "handback";
import { asyncHttp } from "handback/http";
import fc from "fast-check";
import { Hono } from "hono";
import type { Context, MiddlewareHandler } from "hono";
import { once } from "node:events";
import { createServer, request as sendRequest } from "node:http";
import type { IncomingMessage, Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { keptLog } from "../kept-log.ts";

const started: unknown[] = [];
const echo = fn("read/echo", (_, input: unknown) => {
  started.push(input);
  return { got: input };
});
const [log, lines] = keptLog();

/** Runs in front of the app with a request of Node's server, as a framework does. */
type Reader = (request: IncomingMessage & { body?: unknown; rawBody?: unknown }) => unknown;

/** These keep the body, so the app takes it from there. */
const keeping: Readonly<Record<string, Reader>> = {
  "parses the body": async (request) => {
    request.body = JSON.parse(await text(request));
  },
  "keeps the bytes as body": async (request) => (request.body = Buffer.from(await text(request))),
  "keeps the bytes as rawBody": async (request) =>
    (request.rawBody = Buffer.from(await text(request))),
  "keeps the text as rawBody": async (request) => (request.rawBody = await text(request)),
  "sets an encoding": (request) => request.setEncoding("utf8"),
  "leaves a placeholder and the body unread": (request) => (request.body = {}),
};

/** These lose the body, or a part of it. */
const losing: Readonly<Record<string, Reader>> = {
  "reads the body": (request) => text(request),
  "reads a part of the body": async (request) => {
    await once(request, "data");
    request.pause();
  },
  "leaves an empty object in its place": async (request) => {
    await text(request);
    request.body = {};
  },
};

const servers: Server[] = [];
let engine: Embedded;
beforeAll(async () => {
  engine = await embedded({ functions: [echo], store: memory() });
});
afterAll(async () => {
  for (const server of servers) server.close().closeAllConnections();
  await engine.close();
});

/** Serves the app behind a reader, or behind a middleware of Hono. */
async function serveBehind(
  reader: Reader,
  { middleware, bare = false }: { middleware?: MiddlewareHandler; bare?: boolean } = {},
): Promise<number> {
  const app = asyncHttp(engine.client, { functions: [echo], log });
  const outer = middleware === undefined ? app : new Hono().use(middleware).route("/", app);
  // Some programs pass only the request on.
  const listener = getRequestListener(bare ? (request) => outer.fetch(request) : outer.fetch);
  const server = createServer((request, response) => {
    void Promise.resolve(reader(request)).then(() => listener(request, response));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  servers.push(server);
  return (server.address() as AddressInfo).port;
}

interface Sent {
  readonly port: number;
  readonly body: string;
  readonly isChunked?: boolean;
  readonly key?: string;
}

/** Starts a flow, and returns its answer. */
async function send({ port, body, isChunked = false, key }: Sent): Promise<{
  readonly status: number | undefined;
  readonly body: Readonly<Record<string, unknown>>;
}> {
  const request = sendRequest({
    port,
    method: "POST",
    path: "/functions/read/echo?wait=10",
    headers: {
      "content-type": "application/json",
      ...(key !== undefined && { "idempotency-key": key }),
      ...(isChunked
        ? { "transfer-encoding": "chunked" }
        : { "content-length": Buffer.byteLength(body) }),
    },
  });
  request.write(body.slice(0, 1));
  request.end(body.slice(1));
  const [response] = (await once(request, "response")) as [IncomingMessage];
  return {
    status: response.statusCode,
    body: JSON.parse(await text(response)) as Readonly<Record<string, unknown>>,
  };
}

const values = fc.jsonValue();

describe.each([
  ["a request of Node's server beside it", false],
  ["the Fetch request only", true],
])("the app gets %s, and", (_, bare) => {
  test.each(Object.entries(keeping))("a reader that %s changes no input", async (__, reader) => {
    const port = await serveBehind(reader, { bare });
    await fc.assert(
      fc.asyncProperty(values, fc.boolean(), async (value, isChunked) => {
        const body = JSON.stringify(value);
        const answer = await send({ port, body, isChunked });
        // A parsed text without a length may also be the text of a body, and an empty object a
        // placeholder.
        const mayBeUnclear = typeof value === "string" || body === "{}";
        const isUnclear = isChunked && mayBeUnclear && "code" in answer.body;
        expect([answer.status, isUnclear ? answer.body["code"] : answer.body["output"]]).toEqual(
          isUnclear ? [500, "BODY_ALREADY_READ"] : [200, { got: JSON.parse(body) as unknown }],
        );
      }),
      { numRuns: 25 },
    );
  });

  test.each(Object.entries(losing))("a reader that %s starts nothing", async (__, reader) => {
    const port = await serveBehind(reader, { bare });
    for (const isChunked of [false, true]) {
      started.length = 0;
      const logged = lines.length;
      const answer = await send({ port, body: "[1,2]", isChunked });
      expect(answer).toMatchObject({ status: 500, body: { code: "BODY_ALREADY_READ" } });
      expect([started, lines.length - logged]).toEqual([[], 1]);
    }
  });

  test("a parsed text is told from the text of a body by its length, or refused", async () => {
    const body = '"Ada"';
    for (const [kept, got] of [
      [body, "Ada"],
      ["Ada", "Ada"],
    ]) {
      const reader: Reader = async (request) => {
        await text(request);
        request.body = kept;
      };
      const port = await serveBehind(reader, { bare });
      expect((await send({ port, body })).body["output"]).toEqual({ got });
      expect((await send({ port, body, isChunked: true })).body["code"]).toBe("BODY_ALREADY_READ");
    }
  });

  test("an empty object counts as the body only if the length is that of {}", async () => {
    const parse: Reader = async (request) => {
      request.body = JSON.parse(await text(request));
    };
    const port = await serveBehind(parse, { bare });
    const answers = await Promise.all(
      ["{}", "{ }", "[]", "[ ]"].map(async (body) => (await send({ port, body })).body),
    );
    expect(answers.map((body) => body["output"] ?? body["code"])).toEqual([
      { got: {} },
      "BODY_ALREADY_READ",
      { got: [] },
      { got: [] },
    ]);
  });

  test("a parsed body is not converted to JSON to find out whether it is empty", async () => {
    const reader: Reader = async (request) => {
      const body = JSON.parse(await text(request)) as object;
      request.body = Object.defineProperty(body, "toJSON", { value: () => ({}) });
    };
    const port = await serveBehind(reader, { bare });
    expect((await send({ port, body: '{"size":1}' })).status).toBe(200);
  });
});

/** Makes a middleware that reads before the app does. */
function after(read: (c: Context) => Promise<unknown>): MiddlewareHandler {
  return async (c, next) => {
    await read(c);
    await next();
  };
}

test.each<[string, MiddlewareHandler]>([
  ["parses the body", after((c) => c.req.json())],
  ["reads the body as text", after((c) => c.req.text())],
  ["reads a copy", after((c) => c.req.raw.clone().text())],
  [
    "replaces the body",
    async (c, next) => {
      const body = JSON.stringify({ replaced: await c.req.raw.json() });
      c.req.raw = new Request(c.req.url, { method: "POST", headers: c.req.raw.headers, body });
      await next();
    },
  ],
])("a middleware of Hono that %s loses nothing", async (name, middleware) => {
  const port = await serveBehind(() => undefined, { middleware });
  for (const isChunked of [false, true]) {
    const { body } = await send({ port, body: '{"a":[1]}', isChunked });
    const got = name === "replaces the body" ? { replaced: { a: [1] } } : { a: [1] };
    expect(body["output"]).toEqual({ got });
  }
});

test("a middleware of Hono that takes the body away starts nothing", async () => {
  const middleware = after((c) => c.req.raw.json());
  const port = await serveBehind(() => undefined, { middleware });
  started.length = 0;
  const answer = await send({ port, body: "[1,2]", key: "once" });
  expect([answer.status, answer.body["code"], started]).toEqual([500, "BODY_ALREADY_READ", []]);
  const right = await serveBehind(() => undefined);
  expect((await send({ port: right, body: "[1,2]", key: "once" })).status).toBe(200);
});

test.each([
  ["content-length", "5"],
  ["transfer-encoding", "chunked"],
])("a Fetch request without the body that its %s announces starts nothing", async (name, value) => {
  const app = asyncHttp(engine.client, { functions: [echo] });
  const headers = { "content-type": "application/json", [name]: value };
  const answer = await app.request("/functions/read/echo", { method: "POST", headers });
  expect([answer.status, await answer.json()]).toMatchObject([400, { code: "BODY_INCOMPLETE" }]);
});

test("a body that is empty on purpose is the input undefined", async () => {
  const port = await serveBehind(() => undefined);
  for (const isChunked of [false, true])
    expect(await send({ port, body: "", isChunked })).toMatchObject({
      status: 200,
      body: { output: {} },
    });
});
