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

const status =
  (code: number, body = ""): Answer =>
  (_, response) => {
    response.writeHead(code);
    response.end(body);
  };

/** Makes an ingress that is as patient with each node as a busy machine needs. */
function ingressOf(
  addresses: readonly string[],
  { patienceMs = 60_000, attemptMs = 20_000 } = {},
): Ingress {
  return new Ingress({
    addresses,
    attemptMs,
    patienceMs,
    headers: { authorization: "Bearer t" },
    elapsedMs: () => performance.now(),
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
    ["refuses connections", async () => "http://127.0.0.1:1"],
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

  test("that is too large is refused at once", async () => {
    let attempts = 0;
    const address = await node((request, response) => {
      attempts++;
      status(413)(request, response);
    });
    await expect(ingressOf([address]).request(REQUEST)).rejects.toMatchObject({
      code: "PAYLOAD_TOO_LARGE",
    });
    expect(attempts).toBe(1);
  });

  test("ends with STORE_FAILED once its time is over", async () => {
    const ingress = ingressOf([await node(status(503))], { patienceMs: 100 });
    await expect(ingress.request(REQUEST)).rejects.toMatchObject({ code: "STORE_FAILED" });
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
