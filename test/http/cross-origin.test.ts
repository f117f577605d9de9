import { fn } from "handback";
import { describe, expect, test } from "vitest";
import { openApp } from "./open-app.ts";
import { open as openWeb } from "./web-app.ts";

const echo = fn("pages/echo", (_, input: unknown) => input);
const open = () => openApp({ functions: [echo], origins: ["https://app.example"] });
const asks = (origin: string) => ({
  headers: {
    origin,
    "access-control-request-method": "POST",
    "access-control-request-headers": "content-type,idempotency-key",
  },
});

describe("a page of an allowed origin", () => {
  const origin = "https://app.example";

  test("is allowed by the preflight request", async () => {
    const { ask } = await open();
    const { status, headers } = await ask("OPTIONS", "/functions/pages/echo", asks(origin));
    expect(status).toBe(204);
    expect(headers.get("access-control-allow-origin")).toBe(origin);
    expect(headers.get("access-control-allow-methods")).toContain("POST");
    expect(headers.get("access-control-allow-headers")).toContain("idempotency-key");
    expect(headers.get("vary")).toContain("Origin");
  });

  test("may read answers, and the headers with the URL and the retry time", async () => {
    const { ask } = await open();
    const started = await ask("POST", "/functions/pages/echo", { body: 1, headers: { origin } });
    const status = await ask("GET", started.headers.get("location") ?? "", { headers: { origin } });
    const problem = await ask("GET", "/flows/unknown", { headers: { origin } });
    expect([started.status, status.status, problem.status]).toEqual([202, 200, 404]);
    for (const { headers } of [started, status, problem]) {
      expect(headers.get("access-control-allow-origin")).toBe(origin);
      expect(headers.get("access-control-expose-headers")).toBe("Location,Retry-After,Allow");
    }
  });
});

describe("a page of any other origin", () => {
  test.each([
    "https://evil.example",
    "null",
    "https://app.example.evil.example",
    "http://app.example",
  ])("gets no answer: %s", async (origin) => {
    const { ask, store } = await open();
    const answers = [
      await ask("OPTIONS", "/functions/pages/echo", asks(origin)),
      await ask("GET", "/flows/unknown", { headers: { origin } }),
      await ask("POST", "/functions/pages/echo", { body: 1, headers: { origin } }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([204, 404, 403]);
    for (const { headers } of answers)
      expect(headers.get("access-control-allow-origin")).toBeNull();
    expect(store.count().state).toBe(0);
  });
});

describe("a request from a browser", () => {
  test.each([
    ["another origin", { origin: "https://evil.example" }, 403],
    ["an invalid origin", { origin: "null" }, 403],
    ["another site", { "sec-fetch-site": "cross-site" }, 403],
    [
      "its own origin",
      { origin: "http://localhost", host: "localhost", "sec-fetch-site": "same-origin" },
      202,
    ],
    ["another port", { origin: "http://localhost:8080" }, 403],
    ["another scheme", { origin: "https://localhost" }, 403],
    ["another scheme and its port", { origin: "https://localhost:80" }, 403],
    ["its default port", { origin: "http://localhost:80" }, 202],
    ["a name that begins alike", { origin: "http://localhost.evil.example" }, 403],
    ["no scheme of the web", { origin: "chrome-extension://localhost" }, 403],
    [
      "no scheme of the web, whatever the rest says",
      { origin: "chrome-extension://localhost", "sec-fetch-site": "same-origin" },
      403,
    ],
    ["the same site", { origin: "http://localhost", "sec-fetch-site": "same-site" }, 403],
    [
      "its own origin, behind a proxy that ends TLS",
      { origin: "https://flows.example", host: "flows.example", "sec-fetch-site": "same-origin" },
      202,
    ],
    [
      "another origin, behind a proxy that ends TLS",
      { origin: "https://evil.example", host: "flows.example", "sec-fetch-site": "same-origin" },
      403,
    ],
    ["an allowed one", { origin: "https://app.example", "sec-fetch-site": "cross-site" }, 202],
    ["no browser", {}, 202],
  ])("starts nothing for pages of other sites: %s", async (_, headers, status) => {
    const { ask, store } = await openWeb({ origins: ["https://app.example"] });
    expect((await ask("POST", "/functions/web/greet", { body: "Ada", headers })).status).toBe(
      status,
    );
    expect(store.count().state).toBe(status === 202 ? 3 : 0);
  });
});
