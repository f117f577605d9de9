import { fn } from "handback";
import { asyncHttp } from "handback/http";
import type { AsyncHttpOptions } from "handback/http";
import fc from "fast-check";
import { Hono } from "hono";
import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { openApp, readAnswer, requestOf } from "./open-app.ts";

const wait = fn("links/wait", (ctx) => ctx.event<string>("word"));
const shown = { functions: [wait] };

describe("a mounted app links to its own path", () => {
  test.each([
    ["/api/v1", "/api/v1"],
    ["/:tenant", "/ada"],
    ["/:tenant", "/a%2Fb"],
    ["/:tenant", "/%E6%97%A5%E6%9C%AC"],
    ["/:tenant", "/%0d%0aSet-Cookie:%20a=b"],
    ["/日本", "/%E6%97%A5%E6%9C%AC"],
    ["/caf\u00e9", "/caf%C3%A9"],
  ])("at %s, reached as %s", async (place, prefix) => {
    const { engine } = await openApp(shown);
    const outer = new Hono().route(place, asyncHttp(engine.client, shown));
    const ask = async (method: string, path: string) =>
      readAnswer(await outer.fetch(requestOf(method, path)));
    const { status, headers, body } = await ask("POST", `${prefix}/functions/links/wait`);
    expect([status, headers.get("location")]).toEqual([
      202,
      `${prefix}/flows/${String(body["id"])}`,
    ]);
    expect(headers.get("set-cookie")).toBeNull();
    const again = await ask("GET", String(body["statusUrl"]));
    expect([again.status, again.headers.get("location")]).toEqual([202, headers.get("location")]);
    expect((await ask("POST", String(body["eventUrl"]).replace("{name}", "other"))).status).toBe(
      202,
    );
    expect((await ask("POST", String(body["cancelUrl"]))).status).toBe(202);
    expect((await ask("DELETE", String(body["purgeUrl"]))).status).toBe(204);
  });

  test("ignores host headers of clients", async () => {
    const { ask } = await openApp(shown);
    const headers = {
      host: "evil.example",
      "x-forwarded-host": "evil.example",
      "x-forwarded-prefix": "//evil.example",
    };
    const { headers: told, text } = await ask("POST", "/functions/links/wait", { headers });
    expect(told.get("location")).toMatch(/^\/flows\//);
    expect(text).not.toContain("evil");
  });
});

describe("an app behind a proxy that cuts a prefix off", () => {
  test.each(["/api", "/a/b/", "/%E6%97%A5"])("links to basePath %s", async (basePath) => {
    const { ask } = await openApp({ ...shown, basePath });
    const base = basePath.replace(/\/$/, "");
    const { headers, body } = await ask("POST", "/functions/links/wait");
    expect(headers.get("location")).toBe(`${base}/flows/${String(body["id"])}`);
    expect(String(body["statusUrl"])).toBe(headers.get("location"));
    const again = await ask("GET", `/flows/${String(body["id"])}`);
    expect(again.headers.get("location")).toBe(headers.get("location"));
  });

  test.each(["", "api", "//evil.example", "https://evil.example/", "/a?b", "/a/../b", 5])(
    "refuses basePath %j",
    async (basePath) => {
      await expect(openApp({ ...shown, basePath } as AsyncHttpOptions)).rejects.toMatchObject({
        code: "INVALID_OPTIONS",
      });
    },
  );
});

test("an app that gets paths with a prefix that it does not know says so", async () => {
  const { ask, store } = await openApp(shown);
  for (const [method, path] of [
    ["POST", "/api/functions/links/wait"],
    ["GET", "/api/v1/flows/f"],
  ] as const)
    expect(await ask(method, path)).toMatchObject({ status: 404, body: { code: "WRONG_MOUNT" } });
  expect(await ask("GET", "/else")).toMatchObject({ status: 404, body: { code: "NO_ROUTE" } });
  expect(store.count().state).toBe(0);
});

test("a prefix that a framework cut off never makes a link to another host", async () => {
  const { engine, clock } = await openApp(shown);
  const app = asyncHttp(engine.client, { ...shown, clock });
  for (const [originalUrl, base] of [
    ["/api/functions/links/wait?wait=0", "/api"],
    ["//evil.example/functions/links/wait", "/evil.example"],
    ["http://evil.example/functions/links/wait", ""],
    ["/other", ""],
  ]) {
    const incoming = Object.assign(new IncomingMessage(new Socket()), { originalUrl });
    const request = requestOf("POST", "/functions/links/wait");
    const { headers, body } = await readAnswer(
      await clock.until(Promise.resolve(app.fetch(request, { incoming }))),
    );
    expect(headers.get("location")).toBe(`${base}/flows/${String(body["id"])}`);
  }
});

test("a flow started with any key is found by its id in a path", async () => {
  const { engine, clock } = await openApp(shown);
  const app = asyncHttp(engine.client, { ...shown, clock });
  // A path of dots is resolved before it is sent. Sixteen digits are an id made by counting.
  const isKey = (text: string): boolean =>
    /\S/.test(text) && !text.includes("\0") && !/^(\.\.?|[0-9a-f]{16})$/.test(text);
  const key = fc.string({ unit: "binary", minLength: 1, maxLength: 100 }).filter(isKey);
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(key, { minLength: 25, maxLength: 25 }), async (keys) => {
      await clock.until(
        Promise.all(keys.map((id) => engine.client.start(wait, undefined, { key: id }))),
      );
      for (const id of keys) {
        const { status, body } = await readAnswer(
          await app.fetch(requestOf("GET", `/flows/${encodeURIComponent(id)}`)),
        );
        expect([status, body["id"]]).toEqual([202, id]);
      }
    }),
    { numRuns: 8 },
  );
});
