import { HandbackError } from "handback";
import { createClient, HandbackError as RemoteError } from "handback/client";
import type { ClientOptions } from "handback/client";
import { Hono } from "hono";
import { asyncHttp } from "handback/http";
import { describe, expect, test, vi } from "vitest";
import { functions, openServer } from "./open-server.ts";

describe("a client", () => {
  test("starts functions by name and by value, and reads results and statuses", async () => {
    const { client } = await openServer();
    const flow = await client.start("remote/double", 21);
    expect(await flow.result()).toBe(42);
    expect(await client.result(flow)).toBe(42);
    expect(await client.result(flow.id)).toBe(42);
    expect(await flow.status()).toMatchObject({
      id: flow.id,
      function: "remote/double",
      status: "completed",
      output: 42,
      startedAt: expect.stringMatching(/^\d{4}-/),
    });
    expect(await client.call(functions[0], 4)).toBe(8);
    expect(await client.call("remote/nothing")).toBeUndefined();
  });

  test("starts operations on the state of an id, and on a new state", async () => {
    const { client } = await openServer();
    expect(await client.call("remote/cart/add", 2, { id: "c/1 ü" })).toBe(2);
    expect(await client.call(functions[7].add, 3, { id: "c/1 ü" })).toBe(5);
    const first = await client.start("remote/cart/add", 2);
    expect(await first.result()).toBe(2);
    expect(await client.call("remote/cart/add", 3, { id: first.stateId ?? "" })).toBe(5);
  });

  test("gets values as JSON carries them", async () => {
    const { client } = await openServer();
    expect(await client.call("remote/dates")).toEqual({
      at: "1970-01-01T00:00:00.000Z",
      big: "5",
      names: ["a"],
      by: [[1, "AQID"]],
    });
  });

  test("starts one flow per key", async () => {
    const { client } = await openServer();
    for (const key of ["k", 'a "b" %41', "UTF-8''%41", "日本 \n", "A"]) {
      const first = await client.start("remote/double", 1, { key });
      expect((await client.start("remote/double", 1, { key })).id).toBe(first.id);
      await expect(client.start("remote/double", 2, { key })).rejects.toMatchObject({
        code: "IDEMPOTENCY_CONFLICT",
      });
    }
    const { id } = await client.start("remote/double", 1);
    expect((await client.start("remote/double", 1)).id).not.toBe(id);
  });

  test("signals, cancels and purges flows", async () => {
    const { client } = await openServer();
    const flow = await client.start("remote/talk", "hello");
    expect(await client.purge(flow)).toBe(false);
    await client.signal(flow, "next", "world", { key: "once" });
    await client.signal(flow, "next", "world", { key: "once" });
    expect(await flow.result()).toBe(5);
    expect(await client.cancel(flow)).toBe(false);
    await expect(client.signal(flow, "next", "late")).rejects.toMatchObject({ code: "FLOW_OVER" });
    expect(await client.purge(flow)).toBe(true);
    const second = await client.start("remote/talk", "hello");
    expect(await client.cancel(second)).toBe(true);
    await expect(second.result()).rejects.toMatchObject({ code: "CANCELLED" });
    expect((await client.flow(second.id).status()).status).toBe("cancelled");
  });

  test("sends the headers of its options, which may change", async () => {
    let token = "a";
    const { client } = await openServer(
      { authorize: (request) => request.headers.get("authorization") === "b" },
      { headers: async () => ({ authorization: token }) },
    );
    await expect(client.call("remote/double", 1)).rejects.toMatchObject({ code: "FORBIDDEN" });
    token = "b";
    expect(await client.call("remote/double", 1)).toBe(2);
  });

  test("reaches an app under a prefix", async () => {
    const { engine } = await openServer();
    const outer = new Hono().route("/api/v1", asyncHttp(engine.client, { functions }));
    const client = createClient<typeof functions>("/api/v1/", {
      fetch: async (url, init) => outer.fetch(new Request(`http://localhost${url}`, init)),
    });
    expect(await client.call("remote/double", 1)).toBe(2);
  });
});

describe("errors over HTTP are those of the engine", () => {
  test("of a start", async () => {
    const { client } = await openServer({ bodyLimit: 100 });
    const code = async (begin: Promise<unknown>) => {
      const error = await begin.catch((thrown: unknown) => thrown);
      expect(HandbackError.is(error) && RemoteError.is(error)).toBe(true);
      return (error as HandbackError).code;
    };
    expect(await code(client.start("remote/nowhere" as "remote/double", 1))).toBe(
      "UNKNOWN_FUNCTION",
    );
    expect(await code(client.start("double" as "remote/double", 1))).toBe("INVALID_NAME");
    expect(await code(client.start("remote/echo", "x".repeat(200)))).toBe("PAYLOAD_TOO_LARGE");
    expect(await code(client.start("remote/double", 1, { key: " " }))).toBe(
      "INVALID_IDEMPOTENCY_KEY",
    );
    expect(await code(client.start("remote/double", 1, { key: "x".repeat(257) }))).toBe(
      "INVALID_IDEMPOTENCY_KEY",
    );
    expect(await code(client.start("remote/double", Number.NaN))).toBe("UNSERIALIZABLE");
    expect(await code(client.result("unknown"))).toBe("NOT_FOUND");
    expect(await code(client.status(".."))).toBe("INVALID_KEY");
    expect(await code(client.signal("unknown", "\ud800"))).toBe("INVALID_KEY");
  });

  test("of an input that the schema refuses, with the path of each problem", async () => {
    const { client, engine } = await openServer();
    const wrong = { lines: [{ count: 1 }, { count: "2" }] } as unknown;
    const error = await client
      .start("remote/order", wrong as { lines: { count: number }[] })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: "INVALID_INPUT",
      details: { status: 400, issues: [{ path: "lines.1.count", message: expect.any(String) }] },
    });
    expect(await engine.client.countFlows()).toBe(0);
  });

  test("of a flow", async () => {
    const { client } = await openServer();
    const failed = client.call("remote/fail", "x");
    await expect(failed).rejects.toMatchObject({
      code: "FUNCTION_FAILED",
      failure: { code: "FUNCTION_FAILED" },
    });
    await expect(failed).rejects.not.toMatchObject({ message: expect.stringContaining("secret") });
    await expect(client.call("remote/late")).rejects.toMatchObject({ code: "TIMEOUT" });
    const described = await openServer({ describeFailure: ({ message }) => ({ message }) });
    await expect(described.client.call("remote/fail", "x")).rejects.toMatchObject({
      message: "FUNCTION_FAILED: secret: x",
      failure: { message: "secret: x" },
    });
  });

  test.each([
    [200, "<html>", "UNEXPECTED_ANSWER"],
    [200, '{"id": 5}', "UNEXPECTED_ANSWER"],
    [404, "<html>", "UNEXPECTED_ANSWER"],
    [401, "", "FORBIDDEN"],
    [502, "<html>", "SERVER_UNAVAILABLE"],
    [429, "", "OVERLOADED"],
    [500, '{"code": "INTERNAL", "errorId": "e-1"}', "UNEXPECTED_ANSWER"],
    [400, '{"code": "toString"}', "UNEXPECTED_ANSWER"],
  ])("of an answer with status %d and body %s", async (status, body, code) => {
    const client = createClient("http://localhost", {
      fetch: async () => new Response(body, { status }),
      patienceMs: 0,
    });
    await expect(client.result("f")).rejects.toMatchObject({ code, details: { status } });
  });
});

describe("a client whose answer is lost", () => {
  /** Loses the first answers of requests of a method. */
  const losing = (method: string, times: number) => {
    let left = times;
    const sent: string[] = [];
    const send = async (url: string, init: RequestInit): Promise<Response> => {
      const response = await fetch(url, init);
      if (init.method !== method) return response;
      sent.push(url);
      if (left-- <= 0) return response;
      await response.body?.cancel();
      throw new TypeError("fetch failed");
    };
    return { send, sent };
  };

  test("sends a start again, which counts once", async () => {
    const { send, sent } = losing("POST", 2);
    const { client, engine } = await openServer({}, { fetch: send });
    expect(await client.call("remote/double", 1)).toBe(2);
    expect(sent).toHaveLength(3);
    expect(await engine.client.countFlows()).toBe(1);
  });

  test("asks for a result again", async () => {
    const { send } = losing("GET", 2);
    const { client } = await openServer({}, { fetch: send });
    const flow = await client.start("remote/double", 1);
    expect(await flow.result()).toBe(2);
  });

  test("sends a signal again only if it has a key", async () => {
    const { client } = await openServer();
    const flow = await client.start("remote/talk", "hello");
    const { send, sent } = losing("POST", 1);
    const { client: other } = await openServer({}, { fetch: send });
    const twin = await other.start("remote/talk", "hello");
    expect(sent).toHaveLength(2);
    const keyless = losing("POST", 1);
    const url = new URL(sent[0] ?? "").origin;
    const third = createClient<typeof functions>(url, { fetch: keyless.send });
    await expect(third.signal(twin, "next", "w")).rejects.toMatchObject({
      code: "SERVER_UNAVAILABLE",
      details: { definite: false },
    });
    expect(keyless.sent).toHaveLength(1);
    const keyed = losing("POST", 1);
    const fourth = createClient<typeof functions>(url, { fetch: keyed.send });
    await fourth.signal(await other.start("remote/talk", "x"), "next", "w", { key: "k" });
    expect(keyed.sent).toHaveLength(2);
    await client.cancel(flow);
  });

  test("gives up when its patience is over, with the last error", async () => {
    const client = createClient("http://localhost", {
      fetch: () => Promise.reject(new TypeError("refused")),
      patienceMs: 0,
    });
    await expect(client.start("remote/double", 1)).rejects.toMatchObject({
      code: "SERVER_UNAVAILABLE",
      retryable: true,
      cause: { message: "refused" },
    });
  });
});

describe("an abort signal", () => {
  test.each(["start", "call", "result", "status", "stream", "signal"] as const)(
    "ends %s with its reason",
    async (method) => {
      const aborting = new AbortController();
      const fetchUntilAborted = vi.fn<(url: string, init: RequestInit) => Promise<Response>>(
        (_, { signal }) =>
          new Promise((_resolve, reject) => {
            signal?.addEventListener("abort", () => reject(signal.reason as Error));
          }),
      );
      const client = createClient<typeof functions>("http://localhost", {
        fetch: fetchUntilAborted,
      });
      const { signal } = aborting;
      const asked = {
        start: () => client.start("remote/double", 1, { signal }),
        call: () => client.call("remote/double", 1, { signal }),
        result: () => client.result("f", { signal }),
        status: () => client.status("f", { signal }),
        stream: () => client.stream("f", "words", { signal }).next(),
        signal: () => client.signal("f", "word", 1, { signal }),
      }[method]();
      await vi.waitFor(() => expect(fetchUntilAborted).toHaveBeenCalled());
      const reason = new Error("enough");
      aborting.abort(reason);
      await expect(asked).rejects.toBe(reason);
    },
  );

  test("ends the pause before another attempt", async () => {
    const aborting = new AbortController();
    const failing = vi.fn<() => Promise<Response>>(
      async () => new Response("", { status: 503, headers: { "retry-after": "50" } }),
    );
    const client = createClient("http://localhost", { fetch: failing });
    const asked = client.result("f", { signal: aborting.signal });
    await vi.waitFor(() => expect(failing).toHaveBeenCalled());
    aborting.abort();
    await expect(asked).rejects.toBe(aborting.signal.reason);
  });

  test("that is aborted before sends nothing", async () => {
    const never = vi.fn<() => Promise<Response>>();
    const client = createClient("http://localhost", { fetch: never });
    const signal = AbortSignal.abort();
    await expect(client.result("f", { signal })).rejects.toBe(signal.reason);
    expect(never).not.toHaveBeenCalled();
  });
});

test.each<[unknown, unknown]>([
  ["", {}],
  ["api.example", {}],
  ["//api.example", {}],
  ["ftp://api.example", {}],
  ["https://api.example/?a=1", {}],
  ["https://user@api.example", {}],
  [5, {}],
  ["https://api.example", { retries: 5 }],
  ["https://api.example", { patienceMs: "1m" }],
  ["https://api.example", { silenceMs: Number.NaN }],
  ["https://api.example", { headers: 5 }],
  ["https://api.example", { fetch: "node" }],
  ["https://api.example", null],
])("createClient refuses %j with %j", (url, options) => {
  expect(() => createClient(url as string, options as ClientOptions)).toThrow(
    expect.objectContaining({ code: "INVALID_OPTIONS" }),
  );
});
