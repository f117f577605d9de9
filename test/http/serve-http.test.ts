import { embedded, fn, memory } from "handback";
import { asyncHttp, serveHttp } from "handback/http";
import type { HttpServer } from "handback/http";
import { execFile } from "node:child_process";
import { createConnection } from "node:net";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const run = promisify(execFile);
const greet = fn("net/greet", (ctx, name: string) =>
  ctx.onComplete(ctx.event<string>("word"), greeted, name),
);
const greeted = fn(
  "net/greeted",
  (_, { result, args }: { result: string; args: string }) => `${result} ${args}`,
);
const double = fn("net/double", (_, n: number) => 2 * n);

describe("a server on loopback", () => {
  let engine: Awaited<ReturnType<typeof embedded>>;
  let server: HttpServer;
  beforeAll(async () => {
    engine = await embedded({ functions: [greet, greeted, double], store: memory() });
    server = await serveHttp(
      asyncHttp(engine.client, { functions: [greet, double], bodyLimit: 1000 }),
    );
  });
  afterAll(async () => {
    await server.close();
    await engine.close();
  });
  const post = (path: string, body?: unknown): Promise<Response> =>
    fetch(server.url + path, {
      method: "POST",
      ...(body !== undefined && {
        body: JSON.stringify(body),
        headers: { "content-type": "application/json" },
      }),
    });

  test("works with fetch from start to end", async () => {
    const started = await post("/functions/net/greet", "Ada");
    expect(started.status).toBe(202);
    const url = server.url + String(started.headers.get("location"));
    expect((await fetch(url)).status).toBe(202);
    const waiting = fetch(`${url}?wait=30`);
    expect(
      (
        await fetch(`${url}/events/word`, {
          method: "POST",
          body: '"hello"',
          headers: { "content-type": "application/json" },
        })
      ).status,
    ).toBe(202);
    const ended = await waiting;
    expect([ended.status, await ended.json()]).toMatchObject([200, { output: "hello Ada" }]);
    expect((await fetch(url, { method: "DELETE" })).status).toBe(204);
    expect((await fetch(url)).status).toBe(404);
  });

  test("works with curl", async () => {
    const json = ["-s", "-i", "-H", "content-type: application/json"];
    const { stdout } = await run("curl", [
      ...json,
      "-d",
      "21",
      "-H",
      "idempotency-key: from-curl",
      `${server.url}/functions/net/double?wait=30`,
    ]);
    expect(stdout).toMatch(/^HTTP\/1\.1 200 OK/);
    expect(stdout).toContain('"output":42');
    const refused = await run("curl", [
      "-s",
      "-i",
      "-d",
      "n=21",
      `${server.url}/functions/net/double`,
    ]);
    expect(refused.stdout).toMatch(/^HTTP\/1\.1 415 /);
    expect(refused.stdout).toContain("application/problem+json");
    const head = await run("curl", ["-s", "-I", `${server.url}/flows/unknown`]);
    expect(head.stdout).toMatch(/^HTTP\/1\.1 404 /);
  });

  test("notices a disconnected client and goes on with the work", async () => {
    const started = await post("/functions/net/greet", "Bob");
    const url = server.url + String(started.headers.get("location"));
    const leaving = new AbortController();
    const waiting = fetch(`${url}?wait=30`, { signal: leaving.signal });
    leaving.abort();
    await expect(waiting).rejects.toThrow(/abort/);
    expect((await fetch(`${url}/events/word`, { method: "POST" })).status).toBe(202);
    expect((await fetch(`${url}?wait=30`)).status).toBe(200);
  });

  test.each([
    [
      "both kinds of length",
      "POST /functions/net/double HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1",
    ],
    [
      "two lengths",
      "POST /functions/net/double HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n11",
    ],
    [
      "an invalid length",
      "POST /functions/net/double HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: abc\r\n\r\n1",
    ],
    ["headers without end", `GET /flows/f HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(20_000)}\r\n\r\n`],
  ])("rejects requests with %s", async (_, text) => {
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = createConnection(server.port, "127.0.0.1", () => socket.write(text));
      let got = "";
      socket.on("data", (chunk: Uint8Array) => (got += new TextDecoder().decode(chunk)));
      socket.on("close", () => resolve(got));
      socket.on("error", reject);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 (400|431) /);
  });
});

describe("a closing server", () => {
  test("closes idle connections at once, and waiting ones after their answer", async () => {
    const engine = await embedded({ functions: [greet, greeted], store: memory() });
    const server = await serveHttp(asyncHttp(engine.client, { functions: [greet] }), {
      hostname: "::1",
    });
    expect(server.url).toBe(`http://[::1]:${server.port}`);
    const body = (await (
      await fetch(`${server.url}/functions/net/greet`, {
        method: "POST",
        body: '"Ada"',
        headers: { "content-type": "application/json" },
      })
    ).json()) as { statusUrl: string };
    const waiting = fetch(`${server.url}${body.statusUrl}?wait=30`);
    await fetch(`${server.url}${body.statusUrl}`);
    await engine.client.signal(body.statusUrl.slice("/flows/".length), "word", "hello");
    expect((await waiting).status).toBe(200);
    await server.close();
    await expect(fetch(server.url)).rejects.toThrow("fetch failed");
    await engine.close();
  });

  test("that closes with its engine tells waiting clients to retry", async () => {
    const engine = await embedded({ functions: [greet, greeted], store: memory() });
    const arrived = Promise.withResolvers<void>();
    const authorize = (request: Request): boolean => {
      if (request.url.includes("wait=")) arrived.resolve();
      return true;
    };
    const server = await serveHttp(asyncHttp(engine.client, { functions: [greet], authorize }));
    const json = { "content-type": "application/json" };
    const started = await fetch(`${server.url}/functions/net/greet`, {
      method: "POST",
      body: '"Ada"',
      headers: json,
    });
    const waiting = fetch(`${server.url}${started.headers.get("location")}?wait=30`);
    await arrived.promise;
    await Promise.all([server.close(), server.close(), engine.close()]);
    const { status, headers } = await waiting;
    expect([status, headers.get("retry-after"), headers.get("content-type")]).toEqual([
      503,
      "2",
      "application/problem+json",
    ]);
  });

  test("has its port to itself", async () => {
    const app = { fetch: () => new Response() };
    const server = await serveHttp(app);
    await expect(serveHttp(app, { port: server.port })).rejects.toMatchObject({
      code: "EADDRINUSE",
    });
    await server.close();
  });

  test("rejects unknown options", async () => {
    const app = { fetch: () => new Response() };
    await expect(serveHttp(app, { host: "0.0.0.0" } as never)).rejects.toMatchObject({
      code: "INVALID_OPTIONS",
    });
    await expect(serveHttp(app, { maxConnections: 0 })).rejects.toMatchObject({
      code: "INVALID_OPTIONS",
    });
  });
});
