import { once } from "node:events";
import { createServer, request as httpRequest } from "node:http";
import type { IncomingMessage, RequestListener, Server } from "node:http";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import express from "express";
import fastify from "fastify";
import { fn } from "handback";
import { silentLog } from "handback/engine";
import { int, requestReply, typed } from "handback/statefun";
import { Hono } from "hono";
import { expect, onTestFinished, test } from "vitest";
import { decodeAnswer, encodeRequest } from "./support/exchange.ts";
import { of } from "./support/run-batch.ts";

const double = fn("shop/double", (ctx, n: number) =>
  ctx.send("mail/sender", "1", typed(int, 2 * n)),
);
const module = requestReply({ functions: [double], remotes: ["mail/*"] });
const body = encodeRequest({
  target: "shop/double/1",
  values: { _: undefined },
  invocations: [{ argument: of(int, 21) }],
});

/** Listens on a free port until the test ends, and returns the address. */
async function listen(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/statefun`;
}

const withFunctions = (listener: RequestListener) => listen(createServer(listener));

/** Starts a server as its recipe in the documentation says. */
const RECIPES: readonly (readonly [name: string, start: () => Promise<string>])[] = [
  ["node:http", () => withFunctions((request, response) => void module.node(request, response))],
  [
    "Express",
    () =>
      withFunctions(
        express().post("/statefun", (request, response) => void module.node(request, response)),
      ),
  ],
  [
    "Express after a body parser",
    () =>
      withFunctions(
        express()
          .use(express.raw({ type: "application/octet-stream" }))
          .post("/statefun", (request, response) => void module.node(request, response)),
      ),
  ],
  [
    "Hono",
    async () => {
      const hono = new Hono().post("/statefun", (c) => module.fetch(c.req.raw));
      const server = serve({ fetch: hono.fetch, port: 0, hostname: "127.0.0.1" });
      await once(server, "listening");
      onTestFinished(() => void server.close());
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}/statefun`;
    },
  ],
  [
    "Fastify",
    async () => {
      const server = fastify();
      const asBytes = async (_: unknown, bytes: unknown) => bytes;
      server.addContentTypeParser("application/octet-stream", { parseAs: "buffer" }, asBytes);
      server.post("/statefun", async (request, reply) => {
        const answer = await module.handle(request.body as Uint8Array);
        return reply.header("content-type", "application/octet-stream").send(answer);
      });
      onTestFinished(() => server.close());
      return `${await server.listen({ port: 0, host: "127.0.0.1" })}/statefun`;
    },
  ],
];

test.each(RECIPES)(
  "%s serves functions, with the content type that a cluster accepts",
  async (_, start) => {
    const url = await start();
    const headers = { "content-type": "application/octet-stream" };
    const response = await fetch(url, { method: "POST", body: body.slice(), headers });
    expect([response.status, response.headers.get("content-type")]).toEqual([
      200,
      "application/octet-stream",
    ]);
    const { messages } = decodeAnswer(new Uint8Array(await response.arrayBuffer()));
    expect(messages).toEqual([{ to: "mail/sender/1", argument: of(int, 42) }]);
  },
);

test("a request that breaks off in its body does no harm, and the next one is answered", async () => {
  const { promise: received, resolve: receive } = Promise.withResolvers<IncomingMessage>();
  const url = await withFunctions((request, response) => {
    receive(request);
    void module.node(request, response);
  });
  const rejections: unknown[] = [];
  const keep = (error: unknown): void => void rejections.push(error);
  process.on("unhandledRejection", keep);
  onTestFinished(() => void process.off("unhandledRejection", keep));
  const headers = { "content-type": "application/octet-stream", "content-length": "1000" };
  const broken = httpRequest(url, { method: "POST", headers });
  broken.on("error", () => undefined);
  broken.write(body);
  const request = await received;
  const closed = new Promise((resolve) => request.on("close", resolve));
  broken.destroy();
  await closed;
  const type = { "content-type": "application/octet-stream" };
  const answer = await fetch(url, { method: "POST", body: body.slice(), headers: type });
  expect(answer.status).toBe(200);
  expect(rejections).toEqual([]);
});

test("a body that cannot be read is logged for debugging, and answered with 500", async () => {
  const lines: unknown[] = [];
  const log = { ...silentLog, debug: (...line: unknown[]) => void lines.push(line) };
  const { fetch: answer } = requestReply({ functions: [double], remotes: ["mail/*"], log });
  const broken = new ReadableStream({
    pull: (controller) => controller.error(new RangeError("reset")),
  });
  const headers = { "content-type": "application/octet-stream" };
  const init = { method: "POST", headers, body: broken, duplex: "half" } as const;
  expect((await answer(new Request("http://localhost/statefun", init))).status).toBe(500);
  const facts = expect.objectContaining({ error: "RangeError" });
  expect(lines).toEqual([["the body of a request could not be read", facts]]);
});

test.each(["GET", "HEAD", "PUT", "TRACE", "PROPFIND"])(
  "the method %s is refused with 405",
  async (method) => {
    const url = await withFunctions((request, response) => void module.node(request, response));
    const sent = httpRequest(url, { method }).end();
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    expect(response.statusCode).toBe(405);
  },
);
