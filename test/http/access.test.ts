import { fn, stateful, value } from "handback";
import { asyncHttp } from "handback/http";
import type { Access, AsyncHttpOptions, Authorize } from "handback/http";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { keptLog } from "./kept-log.ts";
import { openApp, readAnswer, requestOf } from "./open-app.ts";
import { double, open, shown as web } from "./web-app.ts";

const echo = fn("door/echo", (_, input: unknown) => input);
const wait = fn("door/wait", (ctx) => ctx.event<string>("word"));
const shown = { functions: [echo, wait] };

const json = { "content-type": "application/json" };

/** A method and a path with parameters such as `:flow`. */
interface RouteOfApp {
  readonly method: string;
  readonly path: string;
}

/** Every route of the app. OPTIONS lists the methods of a path. */
async function routesOf(app: ReturnType<typeof asyncHttp>): Promise<readonly RouteOfApp[]> {
  const found: RouteOfApp[] = [];
  for (const path of new Set(app.routes.map((route) => route.path))) {
    const { headers } = await app.request(path.replaceAll(":", ""), { method: "OPTIONS" });
    const methods = headers.get("allow")?.split(", ") ?? [];
    for (const method of methods)
      if (method !== "HEAD" && method !== "OPTIONS") found.push({ method, path });
  }
  return found;
}

/** Every route of the app, with a name for each parameter. */
async function namedRoutes(name: string): Promise<readonly RouteOfApp[]> {
  const { engine } = await openApp(shown);
  const routes = await routesOf(asyncHttp(engine.client, shown));
  return routes.map(({ method, path }) => ({ method, path: path.replace(/:\w+/g, name) }));
}

/** An app whose hook records its calls and returns given answers. */
async function guarded(grant: Authorize, options: Partial<AsyncHttpOptions> = {}) {
  const asked: Access[] = [];
  const authorize: Authorize = (request, access) => (asked.push(access), grant(request, access));
  return { ...(await openApp({ ...shown, ...options, authorize })), asked };
}

describe("the authorize hook guards every route", () => {
  test("covers exactly these routes", async () => {
    expect((await namedRoutes("x")).map(({ method, path }) => `${method} ${path}`)).toEqual([
      "POST /functions/x/x",
      "POST /functions/x/x/x",
      "GET /flows/x",
      "DELETE /flows/x",
      "POST /flows/x/events/x",
      "GET /flows/x/streams/x",
      "POST /flows/x/cancel",
      "GET /openapi.json",
    ]);
  });

  test("a refused request reveals nothing and writes nothing, whatever it sends", async () => {
    const { ask, asked, store, engine, clock } = await guarded(() => false);
    await clock.until(engine.client.start(wait, undefined, { key: "x" }));
    await clock.quiet();
    const before = JSON.stringify(store.count());
    const part = fc.oneof(
      fc.constantFrom("x", "door", "echo", "..", "%2e%2e%2f", "%00", "__proto__", "%ff"),
      fc.webSegment({ size: "large" }),
    );
    const sent = fc.record({
      route: fc.nat(),
      parts: fc.array(part, { minLength: 3, maxLength: 3 }),
      query: fc.constantFrom("", "?wait=60", "?wait=NaN", "?id=x", "?id=&wait=1&wait=2"),
      headers: fc.constantFrom<Record<string, string>>(
        json,
        {},
        { "content-type": "text/plain" },
        { ...json, "idempotency-key": "" },
      ),
      raw: fc.constantFrom("", "{", "1", "x".repeat(2_000_000)),
    });
    const real = await routesOf(asyncHttp(engine.client, shown));
    await fc.assert(
      fc.asyncProperty(sent, async ({ route, parts, query, headers, raw }) => {
        const { method, path } = real[route % real.length] as (typeof real)[number];
        const [...names] = parts;
        const filled = path.replace(/:\w+/g, () => names.pop() || "x");
        // A path that resolves to another one, or to none, leads elsewhere.
        fc.pre(
          new URL(`http://localhost${filled}`).pathname.split("/").length ===
            path.split("/").length,
        );
        const count = asked.length;
        const {
          status,
          body,
          headers: told,
        } = await ask(method, filled + query, method === "GET" ? { headers } : { raw, headers });
        const isRefused = body["code"] === "MALFORMED_PATH";
        expect([status, body["code"], asked.length]).toEqual(
          isRefused ? [400, "MALFORMED_PATH", count] : [403, "FORBIDDEN", count + 1],
        );
        expect(told.get("location")).toBeNull();
      }),
    );
    expect(JSON.stringify(store.count())).toBe(before);
  });

  test.each([
    ["/functions/door/echo?id=a%2Fb", { action: "start", function: "door/echo", id: "a/b" }],
    ["/functions/d%6For/%65cho", { action: "start", function: "door/echo" }],
    ["/%66unctions/door/echo", { action: "start", function: "door/echo" }],
    ["/functions/x/../door/echo", { action: "start", function: "door/echo" }],
    ["/functions/door/echo%2Fcall", { action: "start", function: "door/echo/call" }],
    ["/functions/door/echo/call", { action: "start", function: "door/echo", operation: "call" }],
    ["/flows/a%2Fb%25/cancel", { action: "cancel", flow: "a/b%" }],
    ["/flows/a/events/%2e%2e%2e%2Fb", { action: "event", flow: "a", event: ".../b" }],
  ])("receives decoded names, however %s spells them", async (path, access) => {
    const { ask, asked } = await guarded(() => false);
    await ask("POST", path, { body: 1 });
    expect(asked).toEqual([access]);
  });

  test("an operation has one name only, so no path hides it from the hook", async () => {
    const counter = stateful("door/counter", {
      state: { count: value(0) },
      handlers: { add: (ctx) => ++ctx.state.count },
    });
    const { ask } = await openApp({
      functions: [counter],
      authorize: (_, { operation }) => operation !== "add",
    });
    expect((await ask("POST", "/functions/door/counter/add")).status).toBe(403);
    for (const path of [
      "door/counter%2Fadd",
      "door%2Fcounter/add",
      "door/counter%252Fadd",
      "door%2Fcounter%2Fadd",
    ])
      expect((await ask("POST", `/functions/${path}`)).status).toBe(404);
  });

  test("a repeated parameter is rejected, so the hook sees the value that is used", async () => {
    const { ask } = await guarded(() => true);
    expect(await ask("POST", "/functions/door/echo?id=mine&id=yours", { body: 1 })).toMatchObject({
      status: 400,
      body: { code: "REPEATED_PARAMETER" },
    });
    expect(await ask("POST", "/functions/door/echo?wait=1&wait=2", { body: 1 })).toMatchObject({
      status: 400,
    });
  });
});

describe("a hook", () => {
  test("refuses by returning an empty name", async () => {
    const { ask, store } = await guarded(() => "");
    expect((await ask("POST", "/functions/door/echo", { body: 1 })).status).toBe(403);
    expect(store.count().state).toBe(0);
  });

  test.each([
    ["an error", () => Promise.reject(new Error("the password of the database"))],
    ["a text", () => Promise.reject("the password of the database")],
    ["nothing", () => Promise.reject(undefined)],
    ["a Response", () => Promise.reject(new Response("the password of the database"))],
    ["an error that throws when it is read", () => Promise.reject(unreadable())],
  ])("that throws %s is an internal error without details", async (_, authorize) => {
    const [log, lines] = keptLog();
    const { ask } = await guarded(authorize, { log });
    for (const { method, path } of await namedRoutes("x")) {
      const { status, body, text } = await ask(method, path);
      expect([status, body["code"]]).toEqual([500, "INTERNAL"]);
      expect(text).not.toContain("password");
      expect(lines.at(-1)).toMatchObject(["a request failed", { errorId: body["errorId"] }]);
    }
  });

  test("may return the same Response again and again", async () => {
    const refused = Response.json({ who: "are you?" }, { status: 401 });
    const { engine } = await openApp(shown);
    const app = asyncHttp(engine.client, { ...shown, authorize: () => refused });
    for (let n = 0; n < 3; n++) {
      const answer = await app.fetch(requestOf("POST", "/functions/door/echo", { body: 1 }));
      expect([answer.status, answer.headers.get("cache-control"), await answer.json()]).toEqual([
        401,
        "no-store",
        { who: "are you?" },
      ]);
    }
  });

  test("delays no other request if it is slow, and nothing starts before it decides", async () => {
    const decided = Promise.withResolvers<boolean>();
    const { engine, clock, store } = await openApp(shown);
    const authorize: Authorize = (request) =>
      request.headers.has("slow") ? decided.promise : true;
    const app = asyncHttp(engine.client, { ...shown, clock, authorize });
    const slow = app.fetch(requestOf("POST", "/functions/door/wait", { headers: { slow: "yes" } }));
    const quick = await clock.until(
      Promise.resolve(app.fetch(requestOf("POST", "/functions/door/echo?wait=1", { body: 1 }))),
    );
    expect([quick.status, engine.meter.function("door/wait").runs]).toEqual([200, 0]);
    const before = store.count().state;
    decided.resolve(false);
    expect((await readAnswer(await slow)).status).toBe(403);
    expect([store.count().state, engine.meter.function("door/wait").runs]).toEqual([before, 0]);
  });
});

describe("authorization", () => {
  const ROUTES = [
    ["POST", "/functions/web/double", "start"],
    ["POST", "/functions/web/other/operation?id=5", "start"],
    ["GET", "/flows/f", "status"],
    ["HEAD", "/flows/f", "status"],
    ["DELETE", "/flows/f", "purge"],
    ["POST", "/flows/f/events/e", "event"],
    ["POST", "/flows/f/cancel", "cancel"],
  ] as const;

  test("runs for every route, before anything else", async () => {
    const asked: Access[] = [];
    const { ask, engine } = await open({ authorize: (_, access) => (asked.push(access), false) });
    await engine.client.start(double, 1, { key: "f" });
    for (const [method, path] of ROUTES)
      expect(
        (
          await ask(
            method,
            path,
            method === "POST" ? { raw: "{", headers: { "content-type": "application/json" } } : {},
          )
        ).status,
      ).toBe(403);
    expect(asked.map(({ action }) => action)).toEqual(ROUTES.map(([, , action]) => action));
    expect(asked).toContainEqual({
      action: "start",
      function: "web/other",
      operation: "operation",
      id: "5",
    });
    expect(asked).toContainEqual({ action: "event", flow: "f", event: "e" });
  });

  test.each([
    [
      "its own Response",
      () =>
        new Response("who are you?", { status: 401, headers: { "www-authenticate": "Bearer" } }),
      401,
    ],
    ["a name", () => "ada", 202],
    ["a promise", async () => true, 202],
    ["nothing", () => undefined as never, 403],
    ["something", () => 1 as never, 403],
  ])("is decided by a hook that returns %s", async (_, authorize, status) => {
    const { engine } = await open();
    const app = asyncHttp(engine.client, { ...web, authorize });
    expect(
      (await app.fetch(requestOf("POST", "/functions/web/greet", { body: "Ada" }))).status,
    ).toBe(status);
  });

  test("fails with the hook; the log has the place of the error, and neither its text nor the flow's id", async () => {
    const [log, lines] = keptLog();
    const { ask } = await open({
      log,
      authorize: (_, { flow = "" }) => {
        throw new Error(`no policy for ${flow}`);
      },
    });
    const { status, body } = await ask("GET", "/flows/a-very-secret-id");
    expect([status, body["code"]]).toEqual([500, "INTERNAL"]);
    expect(JSON.stringify(lines)).toContain(String(body["errorId"]));
    expect(JSON.stringify(lines)).toContain("access.test.ts");
    expect(JSON.stringify(lines)).not.toContain("no policy");
    expect(JSON.stringify(lines)).not.toContain("a-very-secret-id");
  });
});

function unreadable(): object {
  return new Proxy(new Error("the password of the database"), {
    get: () => {
      throw new Error("unreadable");
    },
  });
}
