import { serveHttp } from "handback/http";
import type { ServeOptions } from "handback/http";
import { once } from "node:events";
import { request as sendRequest } from "node:http";
import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { describe, expect, onTestFinished, test } from "vitest";

/** Serves an app that counts its requests. */
async function serve(options: ServeOptions = {}) {
  const reached: string[] = [];
  const app = {
    fetch: (request: Request) => {
      reached.push(request.url);
      return new Response("reached");
    },
  };
  const server = await serveHttp(app, options);
  onTestFinished(() => server.close());
  const { port } = server;
  const ask = async (host: string, path = "/flows/f") => {
    const request = sendRequest({ port, path, method: "POST", headers: { host }, agent: false });
    request.end();
    const [response] = (await once(request, "response")) as [IncomingMessage];
    return { status: response.statusCode, text: await text(response) };
  };
  return { port, reached, ask };
}

describe("a server on a loopback interface", () => {
  test("answers under the names of this machine", async () => {
    const { port, ask, reached } = await serve();
    const hosts = ["localhost", "LOCALHOST", "127.0.0.1", "[::1]"];
    for (const host of hosts.flatMap((name) => [name, `${name}:${port}`, `${name}:1`]))
      expect([host, (await ask(host)).status]).toEqual([host, 200]);
    expect(reached).toHaveLength(12);
  });

  test.each([
    "evil.example",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "evil.example:80",
    "localhost.",
    "127.0.0.2",
    "0.0.0.0",
    "[::2]",
  ])("refuses a page that reached it as %s", async (host) => {
    const { ask, reached } = await serve();
    const { status, text: body } = await ask(host);
    expect([status, (JSON.parse(body) as { code: string }).code, reached]).toEqual([
      421,
      "WRONG_HOST",
      [],
    ]);
  });

  test("takes the host of an absolute URL, as a proxy sends it", async () => {
    const { ask, reached } = await serve();
    expect((await ask("localhost", "http://evil.example/flows/f")).status).toBe(421);
    expect(reached).toEqual([]);
  });

  test("answers under the listed hosts, and no others", async () => {
    const { ask } = await serve({ hosts: ["api.example", "[::1]"] });
    const statuses = [];
    for (const host of ["api.example", "API.example:8080", "[::1]", "localhost", "example"])
      statuses.push((await ask(host)).status);
    expect(statuses).toEqual([200, 200, 200, 421, 421]);
  });

  test("answers under any host if it is told to", async () => {
    const { ask } = await serve({ hosts: "any" });
    expect((await ask("evil.example")).status).toBe(200);
  });
});

test("a server that other machines reach answers under any host by default", async () => {
  const { ask } = await serve({ hostname: "0.0.0.0" });
  expect((await ask("flows.example")).status).toBe(200);
});

test.each([["api.example:80"], ["https://api.example"], ["a b"], [""], [5], "all", 5])(
  "a server refuses the hosts %j",
  async (hosts) => {
    const options = { hosts: typeof hosts === "string" || hosts === 5 ? hosts : [hosts] };
    const app = { fetch: () => new Response() };
    await expect(serveHttp(app, options as ServeOptions)).rejects.toMatchObject({
      code: "INVALID_OPTIONS",
    });
  },
);
