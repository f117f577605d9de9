import { embedded, fn, memory, stateful, value } from "handback";
import { asyncHttp } from "handback/http";
import type { AsyncHttpOptions } from "handback/http";
import { aggregator, approval } from "handback/patterns";
import { describe, expect, test } from "vitest";
import { onPoorestLosing } from "../conformance/host.ts";
import { codeOf } from "../support/thrown.ts";
import { keptLog } from "./kept-log.ts";
import { openApp, readAnswer, requestOf } from "./open-app.ts";
import { done, double, functions, open, shown, sleep } from "./web-app.ts";

describe("starting", () => {
  test("is answered with 202, the links of the flow and the retry time", async () => {
    const { ask } = await open();
    const { status, headers, body } = await ask("POST", "/functions/web/greet", { body: "Ada" });
    const statusUrl = headers.get("location") ?? "";
    expect([status, headers.get("retry-after")]).toEqual([202, "2"]);
    expect(statusUrl).toMatch(/^\/flows\/[0-9a-f]{48}$/);
    expect(body).toEqual({
      id: statusUrl.slice("/flows/".length),
      function: "web/greet",
      status: "pending",
      startedAt: "2030-01-01T00:00:00.000Z",
      statusUrl,
      eventUrl: `${statusUrl}/events/{name}`,
      cancelUrl: `${statusUrl}/cancel`,
      purgeUrl: statusUrl,
    });
    expect((await ask("POST", `${statusUrl}/events/word`, { body: "hello" })).status).toBe(202);
    expect((await ask("GET", `${statusUrl}?wait=1`)).body).toMatchObject({
      status: "completed",
      output: "hello Ada",
    });
  });

  test.each([
    [
      "gives 200 with the outcome if it is ready in time",
      "5",
      200,
      { status: "completed", output: "done" },
      1000,
    ],
    ["gives 202 if it is not", "0.5", 202, { status: "pending" }, 500],
    ["waits no longer than allowed", "999999", 202, { status: "pending" }, 800],
    ["does not wait without the parameter", "0", 202, { status: "pending" }, 0],
  ] as const)("with ?wait= %s", async (_, wait, status, body, ms) => {
    const { ask, clock } = await open({ maxWait: ms === 1000 ? "2s" : "800ms" });
    const began = clock.now();
    const answer = await ask("POST", `/functions/web/sleep?wait=${wait}`, { body: 1000 });
    expect([answer.status, clock.now() - began]).toEqual([status, ms]);
    expect(answer.body).toMatchObject(body);
  });

  test.each(["NaN", "-1", "1e12", "", "abc", "0x10", "1".repeat(20), "Infinity", " 1"])(
    "rejects ?wait=%j",
    async (wait) => {
      const { ask, store } = await open();
      expect(
        await ask("POST", `/functions/web/double?wait=${encodeURIComponent(wait)}`, { body: 1 }),
      ).toMatchObject({
        status: 400,
        body: { code: "MALFORMED_WAIT" },
      });
      expect(store.count().state).toBe(0);
    },
  );

  test.each([
    ["an unknown function", "/functions/web/other"],
    ["a function that is not exposed", "/functions/web/greeted"],
    ["an operation of a stateless function", "/functions/web/double/call"],
    ["a property of Object", "/functions/__proto__/constructor"],
    ["a system function", "/functions/_sys/flow"],
  ])("answers 404 for %s", async (_, path) => {
    const { ask } = await open();
    expect(await ask("POST", path, { body: 1 })).toMatchObject({
      status: 404,
      body: { code: "UNKNOWN_FUNCTION" },
    });
  });
});

describe("an idempotency key", () => {
  const key = (text: string) => ({ "idempotency-key": text });

  test("starts a flow once, and repeats the answer", async () => {
    const { ask, engine } = await open();
    const first = await ask("POST", "/functions/web/greet", { body: "Ada", headers: key("k-1") });
    const again = await ask("POST", "/functions/web/greet", { body: "Ada", headers: key('"k-1"') });
    const other = await ask("POST", "/functions/web/greet", { body: "Ada", headers: key("k-2") });
    expect(again.headers.get("location")).toBe(first.headers.get("location"));
    expect(other.body["id"]).not.toBe(first.body["id"]);
    expect(engine.meter.function("web/greet").runs).toBe(2);
  });

  test("starts a flow once for simultaneous requests", async () => {
    const { engine, clock } = await open();
    const app = asyncHttp(engine.client, { ...shown, clock });
    const sent = Array.from({ length: 50 }, async () =>
      app.fetch(requestOf("POST", "/functions/web/greet", { body: "Ada", headers: key("k") })),
    );
    const answers = await Promise.all((await clock.until(Promise.all(sent))).map(readAnswer));
    expect(new Set(answers.map(({ status, body }) => `${status} ${String(body["id"])}`)).size).toBe(
      1,
    );
    expect(engine.meter.function("web/greet").runs).toBe(1);
  });

  test.each([
    ["another input", "/functions/web/greet", "Bob"],
    ["another function", "/functions/web/double", "Ada"],
  ])("is a conflict with %s", async (_, path, body) => {
    const { ask } = await open();
    await ask("POST", "/functions/web/greet", { body: "Ada", headers: key("k") });
    expect(await ask("POST", path, { body, headers: key("k") })).toMatchObject({
      status: 409,
      body: { code: "IDEMPOTENCY_CONFLICT" },
    });
  });

  test.each(["", " ", '""', "x".repeat(257)])("is rejected if invalid: %j", async (text) => {
    const { ask } = await open();
    expect(
      await ask("POST", "/functions/web/double", { body: 1, headers: key(text) }),
    ).toMatchObject({
      status: 400,
      body: { code: "INVALID_IDEMPOTENCY_KEY" },
    });
  });

  test("belongs to its client, and a secret hides the flow's id", async () => {
    const { engine, clock } = await open();
    const idOf = async (options: Partial<AsyncHttpOptions>, user: string) => {
      const app = asyncHttp(engine.client, { ...shown, clock, ...options });
      const headers = { ...key("k"), user };
      const request = requestOf("POST", "/functions/web/double", { body: 1, headers });
      return (await readAnswer(await clock.until(Promise.resolve(app.fetch(request))))).body["id"];
    };
    const authorize = (request: Request): string => request.headers.get("user") ?? "";
    const ids = [
      await idOf({}, "a"),
      await idOf({ authorize }, "a"),
      await idOf({ authorize }, "b"),
      await idOf({ authorize, secret: "0123456789abcdef" }, "a"),
      await idOf({ authorize, secret: "fedcba9876543210" }, "a"),
    ];
    expect(new Set(ids).size).toBe(5);
    expect(await idOf({ authorize }, "a")).toBe(ids[1]);
  });
});

describe("the status of a flow", () => {
  const started = async (
    path: string,
    body?: unknown,
    options: Parameters<typeof open>[0] = {},
  ) => {
    const app = await open(options);
    const { body: flow } = await app.ask("POST", path, { body });
    const url = String(flow["statusUrl"]);
    return { ...app, url, status: () => app.ask("GET", url) };
  };

  test("is 202 while it is pending, with its custom status", async () => {
    const { url, status } = await started("/functions/web/greet", "Ada");
    const { status: code, headers, body } = await status();
    expect([code, headers.get("location"), headers.get("retry-after")]).toEqual([202, url, "2"]);
    expect(body).toMatchObject({ status: "pending", custom: { waiting: "for a word" } });
  });

  test("is 200 once it has completed, with or without an output", async () => {
    const { body } = await (await started("/functions/web/nothing?wait=1")).status();
    expect(body).toMatchObject({ status: "completed", settledAt: "2030-01-01T00:00:00.000Z" });
    expect("output" in body).toBe(false);
  });

  test.each([
    ["/functions/web/fail", "FUNCTION_FAILED"],
    ["/functions/web/refuse", "INVALID_INPUT"],
  ])("is 200 once it has failed, with the kind of failure only: %s", async (path, code) => {
    const { status } = await started(`${path}?wait=1`, "why");
    const { status: http, body, text } = await status();
    expect([http, body["status"], body["error"]]).toMatchObject([200, "failed", { code }]);
    expect(text).not.toContain("secret");
  });

  test("shows more of a failure with describeFailure", async () => {
    const { status } = await started("/functions/web/fail?wait=1", "why", {
      describeFailure: ({ message }) => ({ says: message }),
    });
    expect((await status()).body["error"]).toEqual({ says: "secret: why" });
  });

  test("never logs a flow's id, even if describeFailure throws an error with it", async () => {
    const [log, lines] = keptLog();
    const headers = { "idempotency-key": "k" };
    const { body } = await (
      await open()
    ).ask("POST", "/functions/web/fail", { body: "why", headers });
    const describeFailure = (): never => {
      throw new Error(`no words for ${String(body["id"])}`);
    };
    const { ask } = await open({ log, describeFailure });
    expect(await ask("POST", "/functions/web/fail?wait=1", { body: "why", headers })).toMatchObject(
      {
        status: 500,
        body: { code: "INTERNAL" },
      },
    );
    expect(JSON.stringify(lines)).toContain("async-http.test.ts");
    expect(JSON.stringify(lines)).not.toContain("no words");
    expect(JSON.stringify(lines)).not.toContain(body["id"]);
  });

  test("waits for the outcome", async () => {
    const { ask, url, clock } = await started("/functions/web/sleep", 3000);
    const [began, pending] = [clock.now(), await ask("GET", `${url}?wait=1`)];
    expect([pending.status, clock.now() - began]).toEqual([202, 1000]);
    expect([(await ask("GET", `${url}?wait=60`)).status, clock.now() - began]).toEqual([200, 3000]);
    expect((await ask("GET", `${url}?wait=soon`)).body).toMatchObject({ code: "MALFORMED_WAIT" });
  });

  test("stops waiting when the client disconnects", async () => {
    const { ask, url, clock } = await started("/functions/web/sleep", 3_600_000);
    const leaving = new AbortController();
    const began = clock.now();
    clock.setTimer(50, () => leaving.abort());
    await ask("GET", `${url}?wait=60`, { signal: leaving.signal });
    expect(clock.now() - began).toBe(50);
  });

  test("does not wait for the work itself", async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const work = fn("web/work", () => promise);
    const { ask } = await openApp({ functions: [work] }, { concurrency: 1 });
    const { body } = await ask("POST", "/functions/web/work");
    for (let n = 0; n < 20; n++)
      expect((await ask("GET", String(body["statusUrl"]))).status).toBe(202);
    resolve("worked");
    expect((await ask("GET", `${String(body["statusUrl"])}?wait=1`)).body).toMatchObject({
      output: "worked",
    });
  });

  test("shows only flows of exposed functions, and none with a guessable id", async () => {
    const { ask, engine, clock } = await open();
    const [hidden, counted, chosen] = await clock.until(
      Promise.all([
        engine.client.start(done, undefined, { key: "hidden" }),
        engine.client.start(double, 1),
        engine.client.start(double, 1, { key: "a-chosen/key ☃" }),
      ]),
    );
    expect(await ask("GET", `/flows/${hidden.id}`)).toMatchObject({ status: 404 });
    expect(await ask("GET", `/flows/${counted.id}`)).toMatchObject({ status: 404 });
    expect(await ask("GET", `/flows/${encodeURIComponent(chosen.id)}?wait=1`)).toMatchObject({
      status: 200,
      body: { output: 2 },
    });
  });

  test.each(["nobody", "%20", "x".repeat(300), "__proto__"])(
    "is 404 for the flow %j on every route",
    async (id) => {
      const { ask } = await open();
      for (const [method, path] of [
        ["GET", ""],
        ["DELETE", ""],
        ["POST", "/cancel"],
        ["POST", "/events/word"],
      ] as const)
        expect((await ask(method, `/flows/${id}${path}`)).status).toBe(404);
    },
  );
});

describe("an ambiguous path is rejected on every route", () => {
  test.each(["%00", "a%00b", "%ff", "%c0%af", "%ed%a0%80", "..%2f..", "..%5cx", "a%2f.."])(
    "%s",
    async (name) => {
      const { ask } = await open();
      for (const [method, path] of [
        ["POST", `/functions/web/${name}`],
        ["POST", `/functions/web/greet/${name}`],
        ["GET", `/flows/${name}`],
        ["DELETE", `/flows/${name}`],
        ["POST", `/flows/${name}/cancel`],
        ["POST", `/flows/a/events/${name}`],
        ["GET", `/elsewhere/${name}`],
      ] as const)
        expect(await ask(method, path)).toMatchObject({
          status: 400,
          body: { code: "MALFORMED_PATH" },
        });
    },
  );

  test("dots and slashes inside a name are allowed", async () => {
    const { ask, engine, clock } = await open();
    const key = "a/..b/%2e./...";
    await clock.until(engine.client.call(double, 1, { key }));
    expect(await ask("GET", `/flows/${encodeURIComponent(key)}`)).toMatchObject({ status: 200 });
  });
});

describe("events, canceling and purging", () => {
  const flow = async () => {
    const app = await open();
    const { body } = await app.ask("POST", "/functions/web/greet", { body: "Ada" });
    return { ...app, url: String(body["statusUrl"]) };
  };

  test("an event is kept until the flow waits, and rejected after its end", async () => {
    const { ask, url } = await flow();
    expect((await ask("POST", `${url}/events/other`, { body: { a: 1 } })).status).toBe(202);
    expect((await ask("POST", `${url}/events/word`, { body: "hello" })).status).toBe(202);
    expect((await ask("GET", `${url}?wait=1`)).body).toMatchObject({ output: "hello Ada" });
    expect(await ask("POST", `${url}/events/word`, { body: "late" })).toMatchObject({
      status: 410,
      body: { code: "FLOW_OVER" },
    });
  });

  test.each([
    [
      "a body that is not JSON",
      "/events/word",
      { raw: "{", headers: { "content-type": "application/json" } },
      400,
      "MALFORMED_JSON",
    ],
    ["an invalid name", "/events/%40x", { body: 1 }, 400, "INVALID_NAME"],
    [
      "a form",
      "/events/word",
      { raw: "a=1", headers: { "content-type": "application/x-www-form-urlencoded" } },
      415,
      "UNSUPPORTED_MEDIA_TYPE",
    ],
  ])("an event is rejected with %s", async (_, path, asked, status, code) => {
    const { ask, url } = await flow();
    expect(await ask("POST", url + path, asked)).toMatchObject({ status, body: { code } });
  });

  test("an event may come without a value", async () => {
    const { ask, url } = await flow();
    expect((await ask("POST", `${url}/events/word`)).status).toBe(202);
    expect((await ask("GET", `${url}?wait=1`)).body).toMatchObject({ output: "undefined Ada" });
  });

  test("canceling ends a flow at once, and only once", async () => {
    const { ask, url } = await flow();
    expect((await ask("POST", `${url}/cancel`)).status).toBe(202);
    expect((await ask("GET", url)).body).toMatchObject({ status: "cancelled" });
    expect(await ask("POST", `${url}/cancel`)).toMatchObject({
      status: 410,
      body: { code: "FLOW_OVER" },
    });
  });

  test("purging deletes an ended flow only", async () => {
    const { ask, url } = await flow();
    expect(await ask("DELETE", url)).toMatchObject({
      status: 409,
      body: { code: "STILL_PENDING" },
    });
    await ask("POST", `${url}/cancel`);
    expect((await ask("DELETE", url)).status).toBe(204);
    for (const method of ["GET", "DELETE"]) expect((await ask(method, url)).status).toBe(404);
  });
});

describe("methods", () => {
  test("that only read change nothing", async () => {
    const { ask, engine, store } = await open();
    const { body } = await ask("POST", "/functions/web/greet", { body: "Ada" });
    const url = String(body["statusUrl"]);
    const before = [JSON.stringify(store.count()), await engine.client.status(String(body["id"]))];
    for (const method of ["GET", "HEAD", "OPTIONS"])
      for (const path of [
        url,
        `${url}?wait=0.01`,
        `${url}/cancel`,
        `${url}/events/word`,
        "/functions/web/double",
      ])
        await ask(method, path);
    expect([JSON.stringify(store.count()), await engine.client.status(String(body["id"]))]).toEqual(
      before,
    );
  });

  test.each([
    ["PUT", "/flows/f", "GET, DELETE, HEAD, OPTIONS"],
    ["GET", "/functions/web/double", "POST, OPTIONS"],
    ["HEAD", "/flows/f/cancel", "POST, OPTIONS"],
    ["DELETE", "/flows/f/events/e", "POST, OPTIONS"],
  ])(
    "that a route lacks are rejected with the allowed ones: %s %s",
    async (method, path, allow) => {
      const { ask } = await open();
      const { status, headers } = await ask(method, path);
      expect([status, headers.get("allow")]).toEqual([405, allow]);
      const options = await ask("OPTIONS", path);
      expect([options.status, options.headers.get("allow")]).toEqual([204, allow]);
    },
  );

  test.each([
    "/",
    "/flows",
    "/flows/",
    "/functions/web",
    "//flows/f",
    "/flows/f/cancel/",
    "/FLOWS/f",
  ])("are 404 at %s", async (path) => {
    const { ask } = await open();
    expect((await ask("GET", path)).status).toBe(404);
  });
});

describe("stateful functions and patterns", () => {
  const counter = stateful("web/counter", {
    state: { count: value(0) },
    handlers: { add: (ctx, n: number) => (ctx.state.count += n) },
    queries: { read: (ctx) => ctx.state.count },
  });

  test("are reached by operation and id; without an id they get a new state", async () => {
    const { ask } = await openApp({ functions: [counter] });
    expect(
      (await ask("POST", "/functions/web/counter/add?id=c&wait=1", { body: 2 })).body,
    ).toMatchObject({ output: 2, stateId: "c" });
    expect((await ask("POST", "/functions/web/counter/read?id=c&wait=1")).body).toMatchObject({
      output: 2,
    });
    const { body } = await ask("POST", "/functions/web/counter/add?wait=1", { body: 5 });
    expect(body).toMatchObject({ output: 5, stateId: expect.stringMatching(/^@/) });
    expect((await ask("POST", "/functions/web/counter", { body: 5 })).status).toBe(404);
    expect(await ask("POST", "/functions/web/counter/add?id=", { body: 5 })).toMatchObject({
      status: 400,
      body: { code: "INVALID_KEY" },
    });
  });

  test("expose only the listed operations", async () => {
    const ask = fn("web/ask", (_, _request: unknown) => undefined);
    const store = fn("web/store", (_, _batch: unknown) => undefined);
    const [approved, batch] = [
      approval("web/approve", { ask }),
      aggregator("web/batch", { flush: store, maxCount: 9 }),
    ];
    const { ask: send } = await openApp(
      { functions: [approved, batch.add] },
      { functions: [approved, batch] },
    );
    expect((await send("POST", "/functions/web/approve?id=e", { body: 1 })).status).toBe(202);
    expect(
      (await send("POST", "/functions/web/batch/add?id=k&wait=1", { body: 1 })).body,
    ).toMatchObject({ output: { status: "added" } });
    for (const path of [
      "approve/decide",
      "approve/conclude",
      "approve/due",
      "approve/view",
      "batch",
      "batch/flush",
      "batch/due",
    ])
      expect(
        (
          await send("POST", `/functions/web/${path}?id=e`, {
            body: { by: "eve", decision: "approve" },
          })
        ).status,
      ).toBe(404);
  });

  test("can expose a single operation", async () => {
    const ask = fn("web/ask", (_, _request: unknown) => undefined);
    const approved = approval("web/approve", { ask });
    const { ask: send } = await openApp({ functions: [approved, approved.decide] });
    const { body } = await send("POST", "/functions/web/approve?id=e", { body: 1 });
    expect(
      (
        await send("POST", "/functions/web/approve/decide?id=e&wait=1", {
          body: { by: "ada", decision: "approve" },
        })
      ).body,
    ).toMatchObject({ output: { status: "recorded" } });
    expect((await send("GET", `${String(body["statusUrl"])}?wait=1`)).body).toMatchObject({
      output: { status: "approved" },
    });
  });
});

describe("an engine with limits", () => {
  test("is busy for a while if it cannot take more work", async () => {
    const { ask, engine } = await openApp(
      { functions: [sleep], retryAfter: "90s" },
      { functions, backlogLimit: 1, concurrency: 1 },
    );
    const flood = Array.from({ length: 50 }, () =>
      engine.client.start(sleep, 1).catch(() => undefined),
    );
    const { status, headers, body } = await ask("POST", "/functions/web/sleep", { body: 1 });
    await Promise.all(flood);
    expect([status, body["code"], headers.get("retry-after")]).toEqual([503, "OVERLOADED", "90"]);
  });

  test("says so if it is closed", async () => {
    const engine = await embedded({ functions, store: memory() });
    const app = asyncHttp(engine.client, shown);
    await engine.close();
    expect(
      await readAnswer(await app.fetch(requestOf("POST", "/functions/web/double", { body: 1 }))),
    ).toMatchObject({
      status: 503,
      body: { code: "CLOSED" },
    });
  });

  test("serves even if it cannot be read from outside", async () => {
    const host = await onPoorestLosing(0.2).start(functions, {}, 2);
    const app = asyncHttp(host.client as Parameters<typeof asyncHttp>[0], {
      ...shown,
      clock: host.clock,
    });
    const ask = async (method: string, path: string, body?: unknown) =>
      readAnswer(
        await host.clock.until(Promise.resolve(app.fetch(requestOf(method, path, { body })))),
      );
    const { body } = await ask("POST", "/functions/web/greet", "Ada");
    const url = String(body["statusUrl"]);
    expect((await ask("GET", url)).status).toBe(202);
    expect((await ask("POST", `${url}/events/word`, "hello")).status).toBe(202);
    expect((await ask("GET", `${url}?wait=5`)).body).toMatchObject({
      status: "completed",
      output: "hello Ada",
    });
    expect((await ask("DELETE", url)).status).toBe(204);
    expect((await ask("GET", url)).status).toBe(404);
    await host.close();
  });
});

test.each([
  ["no options", undefined],
  ["no functions", {}],
  ["values that are not functions", { functions: [5] }],
  ["a plain function", { functions: [() => 1] }],
  ["a limit of 0", { ...shown, bodyLimit: 0 }],
  ["an authorize that is not a function", { ...shown, authorize: true }],
  ["an invalid origin", { ...shown, origins: ["app.example"] }],
  ["origins with paths", { ...shown, origins: ["https://app.example/"] }],
  ["a short secret", { ...shown, secret: "short" }],
  ["a describeFailure that is not a function", { ...shown, describeFailure: "all" }],
  ["an option that does not exist", { ...shown, auth: () => true }],
])("wrong options are rejected at once: %s", async (_, options) => {
  const { engine } = await open();
  expect(codeOf(() => asyncHttp(engine.client, options as never))).toBe("INVALID_OPTIONS");
});
