import { describe, expect, test, vi } from "vitest";
import { inspector } from "handback/inspector";
import type { AuditEntry, Inspection } from "handback/inspector";
import { openInspector, formRequest, proofIn } from "./open-inspector.ts";

const basic = (password: string): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`anyone:${password}`).toString("base64")}`,
});

describe("without a token or a hook", () => {
  test.each(["http://127.0.0.1:4280/", "http://[::1]/", "http://localhost/"])(
    "%s is answered",
    async (url) => {
      const { visit } = await openInspector();
      expect((await visit(url)).status).toBe(200);
    },
  );

  test.each([
    ["http://handback.example/", {}, 421],
    ["http://127.0.0.1.example/", {}, 421],
    ["http://localhost/", { "x-forwarded-for": "203.0.113.9" }, 403],
    ["http://localhost/", { forwarded: "for=203.0.113.9" }, 403],
    ["http://localhost/", { via: "1.1 proxy" }, 403],
  ])("%s with %j is refused", async (url, headers, status) => {
    const { visit } = await openInspector();
    expect((await visit(url, { headers })).status).toBe(status);
    expect((await visit(new URL("/assets/style.css", url).href, { headers })).status).toBe(status);
  });
});

describe("with a token", () => {
  const token = "a long and random token";

  test("a browser is asked for it, and no page shows it", async () => {
    const { visit } = await openInspector({ token });
    const { status, headers } = await visit("http://ops.example/");
    expect(status).toBe(401);
    expect(headers.get("www-authenticate")).toContain("Basic");
    const page = await visit("http://ops.example/flows/order-2/cancel", { headers: basic(token) });
    expect(page.status).toBe(200);
    expect(page.text).not.toContain(token);
    const bearer = { authorization: `Bearer ${token.replaceAll(" ", "")}` };
    expect((await visit("/", { headers: bearer })).status).toBe(401);
  });

  test.each([
    basic("wrong"),
    basic(""),
    { authorization: "Basic %%%" },
    { authorization: `Basic ${token}` },
    { authorization: "Bearer" },
  ])("%j is refused", async (headers) => {
    const { visit } = await openInspector({ token });
    expect((await visit("/", { headers })).status).toBe(401);
  });

  test("its hosts can be limited", async () => {
    const { visit } = await openInspector({ token, hosts: ["ops.example"] });
    expect((await visit("http://ops.example/", { headers: basic(token) })).status).toBe(200);
    expect((await visit("http://other.example/", { headers: basic(token) })).status).toBe(421);
  });
});

describe("with a hook", () => {
  test("it hears of every action with its target, and its word counts", async () => {
    const asked: Inspection[] = [];
    const { visit } = await openInspector({
      authorize: (_, inspection) => {
        asked.push(inspection);
        return inspection.action === "look" ? "ada" : false;
      },
    });
    expect((await visit("http://ops.example/")).status).toBe(200);
    expect((await visit("/flows/order-2/cancel")).status).toBe(403);
    expect(asked.slice(-1)).toEqual([{ action: "cancel", flow: "order-2" }]);
  });

  test("its response is sent, with the headers of every page", async () => {
    const { visit } = await openInspector({
      authorize: () =>
        new Response("to the login", { status: 303, headers: { location: "/login" } }),
    });
    const { status, headers } = await visit("/");
    expect([status, headers.get("location"), headers.get("cache-control")]).toEqual([
      303,
      "/login",
      "no-store",
    ]);
  });
});

describe("an action", () => {
  test("asks first, and GET changes nothing", async () => {
    const { visit, engine, clock } = await openInspector();
    const { text } = await visit("/flows/order-2/cancel");
    expect(text).toContain("Cancel order-2?");
    expect(proofIn(text)).toMatch(/^\d+\.[0-9a-f]{64}$/);
    expect((await clock.until(engine.client.status("order-2"))).status).toBe("pending");
  });

  test("is carried out once it is confirmed, and recorded before with the person's name", async () => {
    const entries: AuditEntry[] = [];
    const { confirm, engine, clock } = await openInspector({
      authorize: () => "ada",
      audit: async (entry) => void entries.push(entry),
    });
    const { status, headers } = await confirm("/flows/order-2/cancel");
    expect([status, headers.get("location")]).toEqual([303, "/flows/order-2?done=cancel"]);
    expect((await clock.until(engine.client.status("order-2"))).status).toBe("cancelled");
    expect(entries).toEqual([
      { action: "cancel", flow: "order-2", at: expect.any(Number), by: "ada" },
    ]);
  });

  test("is not carried out if it cannot be recorded", async () => {
    const error = vi.fn<(message: string) => void>();
    const log = { debug: error, info: error, warn: error, error };
    const { confirm, engine, clock } = await openInspector({
      log,
      audit: () => {
        throw new Error("the audit disk is full of order-2");
      },
    });
    const { status, text } = await confirm("/flows/order-2/cancel");
    expect(status).toBe(500);
    expect(text).toContain("error id");
    expect(text).not.toContain("audit disk");
    expect(error).toHaveBeenCalledOnce();
    expect((await clock.until(engine.client.status("order-2"))).status).toBe("pending");
  });

  test("pauses, resumes, runs a paused call again, and lets one fail", async () => {
    const { confirm, visit, engine, clock } = await openInspector();
    const statusOf = async (flow: string): Promise<string> =>
      (await clock.until(engine.client.status(flow))).status;
    await confirm("/flows/order-2/pause");
    expect(await statusOf("order-2")).toBe("paused");
    await confirm("/flows/order-2/resume");
    expect(await statusOf("order-2")).toBe("pending");
    const { text } = await visit("/flows/refund-1");
    const call = /resume\?call=([^"]+)"/.exec(text)?.[1] ?? "";
    expect((await confirm(`/flows/refund-1/resume?call=${call}`)).status).toBe(303);
    await clock.advance(1_000);
    expect(await statusOf("refund-1")).toBe("paused");
    const again = /fail\?call=([^"]+)"/.exec((await visit("/flows/refund-1")).text)?.[1] ?? "";
    await confirm(`/flows/refund-1/fail?call=${again}`);
    expect(await statusOf("refund-1")).toBe("failed");
    expect((await visit("/flows/refund-1")).text).toContain("RangeError");
  });

  test("runs a flow again that was canceled, with its keys or with new ones", async () => {
    const { confirm, visit, engine, clock } = await openInspector();
    for (const [run, again] of ["restart", "restart-with-new-keys"].entries()) {
      await confirm("/flows/order-2/cancel");
      expect((await visit("/flows/order-2")).text).toContain("Run again with new keys");
      const { status } = await confirm(`/flows/order-2/${again}`);
      expect(status).toBe(303);
      const now = await clock.until(engine.client.status("order-2"));
      expect([now.status, now.run]).toEqual(["pending", run + 2]);
    }
    expect((await confirm("/flows/order-2/restart")).status).toBe(409);
  });

  test("that comes too late is answered with a page that says how it stands", async () => {
    const { confirm } = await openInspector();
    const { status, text } = await confirm("/flows/order-1/pause");
    expect(status).toBe(410);
    expect(text).toContain("It has ended");
  });

  test("needs a proof of its own: for this target, this person, and this hour", async () => {
    const { visit, clock } = await openInspector({
      authorize: (request) => request.headers.get("x-person") ?? "ada",
    });
    const { text } = await visit("/flows/order-2/cancel");
    const proof = proofIn(text);
    const send = async (
      path: string,
      fields: Record<string, string>,
      headers: Record<string, string> = {},
    ): Promise<number> => (await visit(path, formRequest(fields, headers))).status;
    expect(await send("/flows/order-2/cancel", {})).toBe(403);
    expect(await send("/flows/order-2/cancel", { proof: `${proof}0` })).toBe(403);
    expect(await send("/flows/order-2/cancel", { proof: proof.replace(/^\d/, "9") })).toBe(403);
    expect(await send("/flows/order-2/pause", { proof })).toBe(403);
    expect(await send("/flows/news-1/cancel", { proof })).toBe(403);
    expect(await send("/flows/order-2/cancel", { proof }, { "x-person": "bob" })).toBe(403);
    expect(await send("/flows/order-2/cancel", { proof }, { origin: "https://evil.example" })).toBe(
      403,
    );
    expect(await send("/flows/order-2/cancel", { proof }, { "sec-fetch-site": "cross-site" })).toBe(
      403,
    );
    expect(await send("/flows/order-2/cancel", { proof }, { origin: "null" })).toBe(403);
    clock.skip(3_600_001);
    expect(await send("/flows/order-2/cancel", { proof })).toBe(403);
    expect(
      await send(
        "/flows/order-2/cancel",
        { proof: proofIn((await visit("/flows/order-2/cancel")).text) },
        { origin: "http://localhost" },
      ),
    ).toBe(303);
  });

  test("takes no other body, and no other method", async () => {
    const { visit } = await openInspector();
    const json = {
      method: "POST",
      body: "{}",
      headers: { "content-type": "application/json", "content-length": "2" },
    };
    expect((await visit("/flows/order-2/cancel", json)).status).toBe(415);
    const long = formRequest({ proof: "x".repeat(5_000) });
    expect((await visit("/flows/order-2/cancel", long)).status).toBe(413);
    expect((await visit("/flows/order-2/cancel", { method: "DELETE" })).status).toBe(405);
    expect((await visit("/flows/order-2", { method: "POST" })).status).toBe(405);
    expect((await visit("/", { method: "HEAD" })).status).toBe(200);
  });

  test("does not exist in a read-only inspector", async () => {
    const { visit } = await openInspector({ readOnly: true });
    expect((await visit("/flows/order-2")).text).not.toContain("/cancel");
    expect((await visit("/flows/order-2/cancel")).status).toBe(404);
    expect((await visit("/flows/order-2/cancel", formRequest({ proof: "" }))).status).toBe(404);
  });
});

const ENGINE = { client: { flows: (): void => undefined } };

test.each([
  [{}, "engine"],
  [{ engine: {} }, "engine"],
  [{ engine: ENGINE, token: "" }, "token"],
  [{ engine: ENGINE, basePath: "ops" }, "basePath"],
  [{ engine: ENGINE, hosts: "all" }, "hosts"],
  [{ engine: ENGINE, colour: "red" }, "unknown option"],
])("options %j are refused", (options, words) => {
  expect(() => void Reflect.apply(inspector, undefined, [options])).toThrow(words);
});
