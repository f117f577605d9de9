import { getRequestListener } from "@hono/node-server";
import { NestFactory } from "@nestjs/core";
import express from "express";
import { fastify } from "fastify";
import type { FastifyInstance } from "fastify";
import { asyncHttp, serveHttp } from "handback/http";
import type { Embedded } from "handback";
import { Hono } from "hono";
import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { assertServes, functions, openEngine, post } from "./served-functions.ts";

let engine: Embedded;
let app: Hono;
let listener: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
const closing: (() => unknown)[] = [];

beforeEach(async () => {
  engine = await openEngine();
  app = new Hono().route("/api", asyncHttp(engine.client, { functions }));
  listener = getRequestListener(app.fetch);
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  await engine.close();
});

/** Listens on a free port until the test has ended, and returns the address. */
async function listen(handler: RequestListener): Promise<string> {
  const server: Server = createServer(handler).listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const greetAda = (url: string) => post(url, "/api/functions/hosts/greet?wait=10", '"Ada"');

test("serveHttp serves flows", async () => {
  const server = await serveHttp(app);
  closing.push(() => server.close());
  await assertServes(server.url);
});

test("a server of node:http serves flows beside its own paths", async () => {
  const url = await listen((request, response) => {
    if (request.url?.startsWith("/api/")) void listener(request, response);
    else response.end("its own");
  });
  await assertServes(url);
  expect(await (await fetch(`${url}/other`)).text()).toBe("its own");
});

test("a Hono app serves flows below a path", async () => {
  const outer = new Hono().get("/other", (c) => c.text("its own")).route("/", app);
  await assertServes("http://localhost", async (url, init) => outer.request(url, init));
  expect(await (await outer.request("/other")).text()).toBe("its own");
});

test("a route handler of Next serves flows", async () => {
  const handle = (request: Request) => app.fetch(request);
  const route = { GET: handle, POST: handle, DELETE: handle };
  await assertServes("http://localhost:3000", async (url, init) => {
    const request = new Request(url, init);
    return route[request.method as keyof typeof route](request);
  });
});

describe("Express", () => {
  test("serves flows with all()", async () => {
    const web = express();
    web.all("/api/*rest", listener);
    web.get("/other", (_, response) => void response.send("its own"));
    const url = await listen(web);
    await assertServes(url);
    expect(await (await fetch(`${url}/other`)).text()).toBe("its own");
  });

  test("serves flows before express.json()", async () => {
    const web = express();
    web.all("/api/*rest", listener);
    web.use(express.json());
    web.post("/other", (request, response) => void response.json(request.body));
    const url = await listen(web);
    await assertServes(url);
    expect(await post(url, "/other", '{"a":1}')).toEqual({ status: 200, body: { a: 1 } });
  });

  test("serves flows after express.json() if that keeps the raw body", async () => {
    const web = express();
    const verify = (request: IncomingMessage, _: unknown, rawBody: Buffer) => {
      Object.assign(request, { rawBody });
    };
    web.use(express.json({ limit: "2mb", strict: false, verify }));
    web.all("/api/*rest", listener);
    const url = await listen(web);
    expect((await greetAda(url)).body["output"]).toBe('hello "Ada"');
  });

  test("serves flows after express.json(), from the body that it has parsed", async () => {
    const web = express();
    web.use(express.json({ limit: "2mb", strict: false }));
    web.all("/api/*rest", listener);
    const url = await listen(web);
    expect((await greetAda(url)).body["output"]).toBe('hello "Ada"');
    const started = await post(url, "/api/functions/hosts/ask", '"Ada"');
    const { statusUrl, eventUrl } = started.body as { statusUrl: string; eventUrl: string };
    await post(url, eventUrl.replace("{name}", "word"), '{"a":[1]}');
    expect(await (await fetch(`${url}${statusUrl}?wait=10`)).json()).toMatchObject({
      output: 'hello {"name":"Ada","word":{"a":[1]}}',
    });
  });

  test.each([
    ["", "/api"],
    ["/flows", "/api/flows"],
  ])("serves flows mounted with use(), inside at %j", async (inner, whole) => {
    const web = express();
    const flows = new Hono().route(inner, asyncHttp(engine.client, { functions }));
    web.use("/api", getRequestListener(flows.fetch));
    const url = await listen(web);
    const send = (at: string, init?: RequestInit) => fetch(at.replace("/api", whole), init);
    const { body } = await post(url, `${whole}/functions/hosts/greet`, '"Ada"');
    expect(body["statusUrl"]).toBe(`${whole}/flows/${String(body["id"])}`);
    if (inner === "") await assertServes(url, send);
  });
});

describe("Fastify", () => {
  const listenTo = async (web: FastifyInstance): Promise<string> => {
    closing.push(() => web.close());
    return web.listen({ port: 0, host: "127.0.0.1" });
  };

  test("serves flows in a scope without body parsers", async () => {
    const web = fastify();
    await web.register(async (scope) => {
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser("*", (_request, _payload, done) => done(null));
      scope.all("/api/*", (request, reply) => {
        reply.hijack();
        return listener(request.raw, reply.raw);
      });
    });
    web.post("/other", (request, reply) => reply.send(request.body));
    const url = await listenTo(web);
    await assertServes(url);
    expect(await post(url, "/other", '{"a":1}')).toEqual({ status: 200, body: { a: 1 } });
  });

  test.each([
    ["serves flows after its parser if that leaves the body on the raw request", true],
    ["starts nothing if its parser keeps the body to itself", false],
  ])("%s", async (_, isKept) => {
    const web = fastify();
    web.all("/api/*", (request, reply) => {
      if (isKept) Object.assign(request.raw, { body: request.body });
      reply.hijack();
      return listener(request.raw, reply.raw);
    });
    const { status, body } = await greetAda(await listenTo(web));
    if (isKept) expect([status, body["output"]]).toEqual([200, 'hello "Ada"']);
    else expect([status, body["code"]]).toEqual([500, "BODY_ALREADY_READ"]);
    expect(engine.meter.function("hosts/greet").runs).toBe(isKept ? 1 : 0);
  });
});

test("Nest serves flows with a middleware that is added before init", async () => {
  class AppModule {
    readonly name = "app";
  }
  const nest = await NestFactory.create(AppModule, { logger: false });
  closing.push(() => nest.close());
  nest.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
    if (request.url?.startsWith("/api/")) void listener(request, response);
    else next();
  });
  await nest.listen(0, "127.0.0.1");
  await assertServes(await nest.getUrl());
});
