import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { Ingress } from "../../../src/engines/restate/client/ingress.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

async function node(answer: Answer): Promise<string> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Returns the address of a node that is down. */
async function deadNode(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return `http://127.0.0.1:${port}`;
}

const status =
  (code: number, body = ""): Answer =>
  (_, response) => {
    response.writeHead(code);
    response.end(body);
  };

/** Returns a clock that goes on by 10 ms whenever it is read. */
function readingClock(): () => number {
  let now = 0;
  return () => (now += 10);
}

/** Makes an ingress that is as patient with each node as a busy machine needs. */
function ingressOf(
  addresses: readonly string[],
  { patienceMs = 60_000, attemptMs = 20_000, elapsedMs = () => performance.now() } = {},
): Ingress {
  return new Ingress({
    addresses,
    attemptMs,
    patienceMs,
    headers: { authorization: "Bearer t" },
    elapsedMs,
  });
}

const REQUEST = {
  to: { service: "app.address", key: "shop/order/ä /1", handler: "ask" },
  input: "{}",
  idempotencyKey: "k1",
};

describe("a request to the ingress", () => {
  test("names the handler by its path, and has the key and headers in every attempt", async () => {
    const seen: unknown[] = [];
    const address = await node(({ url, headers, method }, response) => {
      seen.push([method, url, headers["idempotency-key"], headers.authorization]);
      response.writeHead(seen.length < 3 ? 503 : 200);
      response.end("1");
    });
    expect(await ingressOf([address]).request(REQUEST)).toBe("1");
    const path = "/app.address/shop%2Forder%2F%C3%A4%20%2F1/ask";
    expect(seen).toEqual(Array.from({ length: 3 }, () => ["POST", path, "k1", "Bearer t"]));
  });

  test.each([
    ["refuses connections", deadNode],
    ["answers with an error", () => node(status(500))],
    ["never answers", () => node(() => undefined)],
    ["does not know the service yet", () => node(status(404))],
  ])("goes to the next node if one %s", async (_, start) => {
    const addresses = [await start(), await node(status(200, "2"))];
    expect(await ingressOf(addresses, { attemptMs: 300 }).request(REQUEST)).toBe("2");
  });

  test("goes to the next node, also if another request fails at the same time", async () => {
    let failed = 0;
    const failing = await node((request, response) => {
      failed++;
      status(500)(request, response);
    });
    const ingress = ingressOf([failing, await node(status(200, "2"))]);
    const asking = [ingress.request(REQUEST), ingress.request(REQUEST)];
    expect(await Promise.all(asking)).toEqual(["2", "2"]);
    expect(failed).toBe(2);
  });

  test("that waits leaves a node that becomes silent, long before its time is over", async () => {
    const frozen = await node(() => undefined);
    const addresses = [frozen, await node(status(200, "2"))];
    const signal = AbortSignal.timeout(10_000);
    const request = { ...REQUEST, waitMs: 600_000, signal };
    const ingress = ingressOf(addresses, { attemptMs: 300 });
    expect(await ingress.request(request)).toBe("2");
  });

  test("that waits stays with a node that works, beyond the time of all attempts", async () => {
    const health = Promise.withResolvers<void>();
    const works: Answer = ({ url }, response) => {
      if (url !== "/restate/health") return void health.promise.then(() => response.end("1"));
      response.end();
      health.resolve();
    };
    const request = { ...REQUEST, waitMs: 600_000 };
    const ingress = ingressOf([await node(works)], { patienceMs: 1, attemptMs: 1_000 });
    expect(await ingress.request(request)).toBe("1");
  });

  test.each([
    [413, "PAYLOAD_TOO_LARGE", undefined],
    [400, "CLUSTER_UNAVAILABLE", { definite: true, status: 400 }],
    [401, "CLUSTER_UNAVAILABLE", { definite: true, status: 401 }],
    [403, "CLUSTER_UNAVAILABLE", { definite: true, status: 403 }],
    [415, "CLUSTER_UNAVAILABLE", { definite: true, status: 415 }],
  ] as const)("that is answered with %i fails with %s at once", async (code, error, details) => {
    let attempts = 0;
    const address = await node((request, response) => {
      attempts++;
      status(code)(request, response);
    });
    await expect(ingressOf([address]).request(REQUEST)).rejects.toMatchObject({
      code: error,
      ...(details !== undefined && { details }),
    });
    expect(attempts).toBe(1);
  });

  test.each([
    [404, true],
    [408, false],
    [409, false],
    [425, true],
    [429, true],
    [500, false],
    [502, false],
    [503, false],
    [504, false],
  ])("that is always answered with %i is repeated, and is definite: %s", async (code, definite) => {
    let attempts = 0;
    const address = await node((request, response) => {
      attempts++;
      status(code)(request, response);
    });
    const ingress = ingressOf([address], { patienceMs: 100, elapsedMs: readingClock() });
    await expect(ingress.request(REQUEST)).rejects.toMatchObject({
      code: "CLUSTER_UNAVAILABLE",
      retryable: true,
      details: { definite },
    });
    expect(attempts).toBe(3);
  });

  test.each([
    ["refuses connections", deadNode, true],
    ["has an unknown name", async () => "http://no-such-host.invalid", true],
    ["never answers", () => node(() => undefined), false],
    ["ends connections", () => node((request) => void request.socket.destroy()), false],
  ])("to a cluster that %s fails in time", async (_, start, definite) => {
    const ingress = ingressOf([await start()], { patienceMs: 100, attemptMs: 300 });
    await expect(ingress.request(REQUEST)).rejects.toMatchObject({
      code: "CLUSTER_UNAVAILABLE",
      details: { definite },
    });
  });

  test("is not definite if one of its attempts was not, or it follows another one", async () => {
    const dead = await deadNode();
    const addresses = [dead, await node(status(500)), dead];
    const failure = { code: "CLUSTER_UNAVAILABLE", details: { definite: false } };
    const ingress = ingressOf(addresses, { patienceMs: 100, elapsedMs: readingClock() });
    await expect(ingress.request(REQUEST)).rejects.toMatchObject(failure);
    const following = ingressOf([dead], { patienceMs: 1 }).request({
      ...REQUEST,
      isFollowUp: true,
    });
    await expect(following).rejects.toMatchObject(failure);
  });

  test("ends with the reason of its signal", async () => {
    const stopping = new AbortController();
    const asking = ingressOf([await node(() => undefined)]).request({
      ...REQUEST,
      signal: stopping.signal,
    });
    stopping.abort(new Error("stopped"));
    await expect(asking).rejects.toThrow("stopped");
  });
});
