import { embedded, fn, memory } from "handback";
import { asyncHttp, serveHttp } from "handback/http";
import type { AsyncHttpOptions } from "handback/http";
import { once } from "node:events";
import { IncomingMessage } from "node:http";
import { createConnection, Socket } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { openApp, readAnswer, requestOf } from "../open-app.ts";

const ask = fn("limits/ask", (ctx) => ctx.event("answer"));
const functions = [ask];

test("more waits than allowed are answered with 503, and start nothing", async () => {
  const { engine, clock, store } = await openApp({ functions });
  const app = asyncHttp(engine.client, { functions, clock, maxWaits: 2, retryAfter: "3s" });
  const post = async (path: string) =>
    readAnswer(await app.fetch(requestOf("POST", `/functions/limits/ask${path}`)));
  const waiting = [post("?wait=10"), post("?wait=10")];
  await clock.quiet();
  const before = store.count();
  const refused = await post("?wait=10");
  expect([refused.status, refused.body["code"], refused.headers.get("retry-after")]).toEqual([
    503,
    "TOO_BUSY",
    "3",
  ]);
  expect(store.count()).toEqual(before);
  const started = await post("");
  expect(started.status).toBe(202);
  const url = String(started.body["statusUrl"]);
  const status = async (path: string) =>
    (await readAnswer(await app.fetch(requestOf("GET", url + path)))).status;
  expect([await status(""), await status("?wait=1")]).toEqual([202, 503]);
  await clock.until(Promise.all(waiting));
  expect(await clock.until(status("?wait=1"))).toBe(202);
});

test("a failed request gives its place back", async () => {
  const { clock, ask: send } = await openApp({ functions, maxWaits: 1 });
  for (let n = 0; n < 3; n++) {
    const broken = { raw: "{", headers: { "content-type": "application/json" } };
    expect((await send("POST", "/functions/limits/ask?wait=1", broken)).status).toBe(400);
  }
  const began = clock.now();
  expect((await send("POST", "/functions/limits/ask?wait=1")).status).toBe(202);
  expect(clock.now() - began).toBe(1_000);
});

/** Serves the app, and starts a flow that waits. */
async function serve(options: Partial<AsyncHttpOptions>) {
  const engine = await embedded({ functions, store: memory() });
  const server = await serveHttp(asyncHttp(engine.client, { functions, ...options }));
  onTestFinished(async () => {
    await Promise.all([server.close(), engine.close()]);
  });
  const { id } = await engine.client.start(ask, undefined, { key: "a flow with a key" });
  const path = `/flows/${encodeURIComponent(id)}`;
  return { engine, server, path, url: server.url + path };
}

/** Sends requests on one connection without waiting for their answers. */
async function pipeline(port: number, paths: readonly string[]): Promise<Socket> {
  const socket = createConnection(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  socket.write(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`).join(""));
  return socket;
}

test("one connection has fewer waits than all, however many requests it sends", async () => {
  const { engine, server, path, url } = await serve({ maxWaitsPerConnection: 3 });
  const socket = await pipeline(
    server.port,
    Array.from({ length: 8 }, () => `${path}?wait=30`),
  );
  let text = "";
  socket.on("data", (chunk: Uint8Array) => (text += new TextDecoder().decode(chunk)));
  const other = fetch(`${url}?wait=30`);
  // A request of the other connection shows that the first one was read.
  expect((await fetch(url)).status).toBe(202);
  await engine.client.signal("a flow with a key", "answer", 5);
  expect((await other).status).toBe(200);
  await vi.waitFor(() => expect(text.match(/HTTP\/1\.1 \d+/g)).toHaveLength(8));
  expect(text.match(/(?<=HTTP\/1\.1 )\d+/g)).toEqual([
    "200",
    "200",
    "200",
    ...Array.from({ length: 5 }, () => "503"),
  ]);
});

test("waits end with their connection, also those behind an unanswered one", async () => {
  const { server, path, url } = await serve({ maxWaits: 5 });
  const socket = await pipeline(
    server.port,
    Array.from({ length: 5 }, () => `${path}?wait=60`),
  );
  await vi.waitFor(async () => expect((await fetch(`${url}?wait=0.01`)).status).toBe(503));
  socket.destroy();
  await vi.waitFor(async () => expect((await fetch(`${url}?wait=0.01`)).status).toBe(202));
  // All places are free.
  const waits = Array.from({ length: 5 }, () => fetch(`${url}?wait=0.2`));
  expect((await Promise.all(waits)).map(({ status }) => status)).toEqual(waits.map(() => 202));
});

test("a wait ends with its connection on a Node that does not abort its request", async () => {
  const { engine, clock, ask: send } = await openApp({ functions });
  const app = asyncHttp(engine.client, { functions, clock });
  const { body } = await send("POST", "/functions/limits/ask");
  const socket = new Socket();
  const incoming = new IncomingMessage(socket);
  const status = () =>
    Promise.resolve(
      app.fetch(requestOf("GET", `${String(body["statusUrl"])}?wait=60`), { incoming }),
    );
  const began = clock.now();
  const waiting = [status(), status()];
  await clock.quiet();
  socket.destroy();
  await once(socket, "close");
  const answers = await Promise.all([...waiting, status()]);
  expect(answers.map((answer) => answer.status)).toEqual([202, 202, 202]);
  expect(clock.now()).toBe(began);
});
