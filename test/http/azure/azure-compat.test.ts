import { embedded, fn, memory } from "handback";
import type { Embedded } from "handback";
import { azureCompat } from "handback/http";
import type { AzureCompatOptions } from "handback/http";
import { afterEach, describe, expect, test } from "vitest";
import * as z from "zod";
import { VirtualClock } from "../../../src/testing/simulation/machine/virtual-clock.ts";
import { readAnswer, requestOf } from "../open-app.ts";
import type { Answered, Asked } from "../open-app.ts";

const WEBHOOKS = "/runtime/webhooks/durabletask";

const order = fn("shop/order", { input: z.object({ item: z.string() }) }, (ctx, { item }) => {
  ctx.setStatus({ asked: item });
  return ctx.onComplete(ctx.event<string>("approved"), finish, item);
});
const finish = fn("shop/finish", (_, { result, args }: { result: string; args: string }) => {
  if (result === "no") throw new Error("a secret reason");
  return `${args}: ${result}`;
});
const other = fn("shop/other", (ctx) => ctx.event("never"));

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

interface Azure {
  readonly engine: Embedded;
  readonly clock: VirtualClock;
  readonly ask: (method: string, path: string, asked?: Asked) => Promise<Answered>;
}

async function open(options: Partial<AzureCompatOptions> = {}): Promise<Azure> {
  const clock = new VirtualClock();
  const engine = await embedded({ functions: [order, finish, other], store: memory(), clock });
  closing.push(() => clock.until(engine.close()));
  const app = azureCompat(engine.client, { functions: [order], clock, ...options });
  return {
    engine,
    clock,
    async ask(method, path, asked) {
      const answer = app.fetch(requestOf(method, path, asked));
      const response = await clock.until(Promise.resolve(answer));
      await clock.quiet();
      return readAnswer(response);
    },
  };
}

const pen = { body: { item: "pen" } };
const instance = (id: string, action = ""): string => `${WEBHOOKS}/instances/${id}${action}`;

describe("azureCompat", () => {
  test("starts an instance and names its URLs", async () => {
    const { ask } = await open();
    const started = await ask("POST", "/api/orchestrators/order/o-1", pen);
    const at = `http://localhost${instance("o-1")}`;
    const query = "taskHub=Handback&connection=Storage";
    expect(started.status).toBe(202);
    expect(started.headers.get("retry-after")).toBe("10");
    expect(started.headers.get("location")).toBe(`${at}?${query}`);
    expect(started.body).toEqual({
      id: "o-1",
      statusQueryGetUri: `${at}?${query}`,
      sendEventPostUri: `${at}/raiseEvent/{eventName}?${query}`,
      terminatePostUri: `${at}/terminate?reason={text}&${query}`,
      rewindPostUri: `${at}/rewind?reason={text}&${query}`,
      suspendPostUri: `${at}/suspend?reason={text}&${query}`,
      resumePostUri: `${at}/resume?reason={text}&${query}`,
      purgeHistoryDeleteUri: `${at}?${query}`,
      restartPostUri: `${at}/restart?${query}`,
    });
  });

  test("makes an id that nobody can guess, and knows a function by its whole type, too", async () => {
    const { ask } = await open();
    const one = await ask("POST", `${WEBHOOKS}/orchestrators/order`, pen);
    const two = await ask("POST", `${WEBHOOKS}/orchestrators/shop%2Forder`, pen);
    expect([one.status, two.status]).toEqual([202, 202]);
    expect(one.body["id"]).toMatch(/^[0-9a-f]{32}$/);
    expect(one.body["id"]).not.toBe(two.body["id"]);
  });

  test("answers 202 with Location while an instance runs, and 200 with its output then", async () => {
    const { ask } = await open();
    const { headers } = await ask("POST", "/api/orchestrators/order/o-1", pen);
    const running = await ask("GET", instance("o-1"));
    expect(running.status).toBe(202);
    expect(running.headers.get("location")).toBe(headers.get("location"));
    expect(running.body).toEqual({
      name: "shop/order",
      instanceId: "o-1",
      runtimeStatus: "Running",
      input: null,
      customStatus: { asked: "pen" },
      output: null,
      createdTime: expect.stringMatching(/^\d{4}-.*Z$/),
      lastUpdatedTime: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect(
      (await ask("POST", instance("o-1", "/raiseEvent/approved"), { body: "yes" })).status,
    ).toBe(202);
    const ended = await ask("GET", instance("o-1"));
    expect(ended.status).toBe(200);
    expect(ended.body).toMatchObject({ runtimeStatus: "Completed", output: "pen: yes" });
  });

  test("shows a failure without its message, as 500 if the client asks for that", async () => {
    const { ask } = await open();
    await ask("POST", "/api/orchestrators/order/o-1", pen);
    await ask("POST", instance("o-1", "/raiseEvent/approved"), { body: "no" });
    const failed = await ask("GET", instance("o-1"));
    expect(failed.status).toBe(200);
    expect(failed.body).toMatchObject({
      runtimeStatus: "Failed",
      output: { code: "FUNCTION_FAILED" },
    });
    expect(failed.text).not.toContain("secret");
  });

  test("terminates, suspends and resumes, and answers 410 once an instance has ended", async () => {
    const { ask } = await open();
    await ask("POST", "/api/orchestrators/order/o-1", pen);
    const status = async (): Promise<unknown> =>
      (await ask("GET", instance("o-1"))).body["runtimeStatus"];
    expect((await ask("POST", instance("o-1", "/resume"))).status).toBe(202);
    expect((await ask("POST", instance("o-1", "/suspend?reason=late"))).status).toBe(202);
    expect(await status()).toBe("Suspended");
    expect((await ask("POST", instance("o-1", "/resume?reason=now"))).status).toBe(202);
    expect(await status()).toBe("Running");
    expect((await ask("POST", instance("o-1", "/terminate?reason=enough"))).status).toBe(202);
    expect(await status()).toBe("Terminated");
    for (const action of ["/terminate", "/suspend", "/resume", "/raiseEvent/approved"])
      expect((await ask("POST", instance("o-1", action))).status).toBe(410);
  });

  test("replaces an instance that has ended, and refuses the id of one that runs", async () => {
    const { ask } = await open();
    await ask("POST", "/api/orchestrators/order/o-1", pen);
    expect((await ask("POST", "/api/orchestrators/order/o-1", pen)).status).toBe(409);
    await ask("POST", instance("o-1", "/terminate"));
    expect(
      (await ask("POST", "/api/orchestrators/order/o-1", { body: { item: "ink" } })).status,
    ).toBe(202);
    const { body } = await ask("GET", instance("o-1"));
    expect(body).toMatchObject({ runtimeStatus: "Running", customStatus: { asked: "ink" } });
  });

  test("rewinds an instance that has failed, and restarts one under its own id", async () => {
    const { ask } = await open();
    await ask("POST", "/api/orchestrators/order/o-1", pen);
    expect((await ask("POST", instance("o-1", "/rewind?reason=early"))).status).toBe(412);
    const status = async (): Promise<unknown> =>
      (await ask("GET", instance("o-1"))).body["runtimeStatus"];
    for (const again of ["/rewind?reason=mended", "/restart?restartWithNewInstanceId=false"]) {
      await ask("POST", instance("o-1", "/raiseEvent/approved"), { body: "no" });
      expect(await status()).toBe("Failed");
      expect((await ask("POST", instance("o-1", again))).status).toBe(202);
      expect(await status()).toBe("Running");
    }
    expect((await ask("POST", instance("o-1", "/restart"))).status).toBe(501);
    await ask("POST", instance("o-1", "/raiseEvent/approved"), { body: "yes" });
    expect((await ask("POST", instance("o-1", "/rewind?reason=late"))).status).toBe(410);
    expect(
      (await ask("POST", instance("o-1", "/restart?restartWithNewInstanceId=false"))).status,
    ).toBe(409);
  });

  test("purges an instance that has ended", async () => {
    const { ask } = await open();
    await ask("POST", "/api/orchestrators/order/o-1", pen);
    expect((await ask("GET", instance("o-2"))).status).toBe(404);
    await ask("POST", instance("o-1", "/terminate"));
    const purged = await ask("DELETE", instance("o-1"));
    expect([purged.status, purged.body]).toEqual([200, { instancesDeleted: 1 }]);
    expect((await ask("DELETE", instance("o-1"))).status).toBe(404);
  });

  test.each([
    ["an unknown function", "/api/orchestrators/unknown", pen],
    ["an input that its schema refuses", "/api/orchestrators/order", { body: { item: 5 } }],
    [
      "a body that is no JSON",
      "/api/orchestrators/order",
      { raw: "{", headers: { "content-type": "application/json" } },
    ],
    [
      "a body of another type",
      "/api/orchestrators/order",
      { raw: "a=1", headers: { "content-type": "text/plain" } },
    ],
    ["an id that an engine counts", "/api/orchestrators/order/0000010000000001", pen],
  ])("answers 400 to %s, and starts nothing", async (_, path, asked) => {
    const { ask, engine } = await open();
    expect((await ask("POST", path, asked)).status).toBe(400);
    expect(await engine.client.countFlows({})).toBe(0);
  });

  test("shows no flow of a function that is not listed", async () => {
    const { ask, engine, clock } = await open();
    await clock.until(engine.client.start(other, undefined, { key: "x-1" }));
    expect((await ask("GET", instance("x-1"))).status).toBe(404);
    expect((await ask("POST", instance("x-1", "/terminate"))).status).toBe(404);
    expect((await ask("POST", "/api/orchestrators/other")).status).toBe(400);
  });
});

describe("the list of instances", () => {
  const code = "a code of this app";
  const headers = { "x-functions-key": code };

  async function openWithThree(): Promise<Azure> {
    const azure = await open({ code });
    for (const id of ["o-1", "o-2", "p-3"])
      await azure.ask("POST", `/api/orchestrators/order/${id}`, { ...pen, headers });
    await azure.ask("POST", instance("o-2", "/terminate"), { headers });
    return azure;
  }
  const idsOf = ({ text }: Answered): readonly string[] =>
    (JSON.parse(text) as readonly { instanceId: string }[]).map(({ instanceId }) => instanceId);

  test("is refused without a key or a hook", async () => {
    const { ask } = await open();
    expect((await ask("GET", `${WEBHOOKS}/instances`)).status).toBe(403);
    expect((await ask("DELETE", `${WEBHOOKS}/instances`)).status).toBe(403);
  });

  test.each([
    ["all of them", "", ["p-3", "o-2", "o-1"]],
    ["those that run", "runtimeStatus=Running", ["p-3", "o-1"]],
    ["those of several statuses", "runtimeStatus=Running,Terminated", ["p-3", "o-2", "o-1"]],
    ["those with a prefix", "instanceIdPrefix=o-", ["o-2", "o-1"]],
    ["those that started before", "createdTimeTo=2000-01-01T00:00:00Z", []],
    ["those of no status that this engine has", "runtimeStatus=Pending", []],
  ])("has %s", async (_, query, ids) => {
    const { ask } = await openWithThree();
    expect(
      idsOf(await ask("GET", `${WEBHOOKS}/instances/?${query}&code=${encodeURIComponent(code)}`)),
    ).toEqual(ids);
  });

  test("goes on at the token of its page", async () => {
    const { ask } = await openWithThree();
    const found: string[] = [];
    for (let token: string | null | undefined; token !== null;) {
      const more: Record<string, string> =
        token === undefined ? {} : { "x-ms-continuation-token": token };
      const page = await ask("GET", `${WEBHOOKS}/instances?top=1`, {
        headers: { ...headers, ...more },
      });
      found.push(...idsOf(page));
      token = page.headers.get("x-ms-continuation-token");
    }
    expect(found).toEqual(["p-3", "o-2", "o-1"]);
  });

  test("is purged by filter, and what runs stays", async () => {
    const { ask } = await openWithThree();
    const purge = await ask(
      "DELETE",
      `${WEBHOOKS}/instances?createdTimeFrom=1970-01-01T00:00:00Z`,
      { headers },
    );
    expect([purge.status, purge.body]).toEqual([200, { instancesDeleted: 1 }]);
    expect(idsOf(await ask("GET", `${WEBHOOKS}/instances`, { headers }))).toEqual(["p-3", "o-1"]);
  });

  test.each(["runtimeStatus=Sleeping", "createdTimeFrom=yesterday", "top=0", "top=-1"])(
    "answers 400 to %s",
    async (query) => {
      const { ask } = await openWithThree();
      expect((await ask("GET", `${WEBHOOKS}/instances?${query}`, { headers })).status).toBe(400);
    },
  );
});

describe("the key of an app", () => {
  const code = "a code of this app";

  test("is asked for by every route, and is part of the URLs", async () => {
    const { ask } = await open({ code });
    const asked = { ...pen, headers: { "x-functions-key": code } };
    const { body } = await ask("POST", "/api/orchestrators/order/o-1", asked);
    for (const [name, url] of Object.entries(body))
      if (name !== "id") expect(new URL(String(url)).searchParams.get("code")).toBe(code);
    const path = String(body["statusQueryGetUri"]).replace("http://localhost", "");
    expect((await ask("GET", path)).status).toBe(202);
    const refused = [
      await ask("GET", instance("o-1")),
      await ask("GET", instance("o-1", "?code=another%20code")),
      await ask("POST", "/api/orchestrators/order", pen),
      await ask("GET", "/elsewhere"),
    ];
    expect(refused.map(({ status }) => status)).toEqual([401, 401, 401, 401]);
  });

  test.each([
    ["code", { code: "short" }],
    ["baseUrl", { baseUrl: "orders.example" }],
    ["operator", { operator: true }],
    ["names", { functions: [order, fn("print/order", () => 1)] }],
  ])("an app is not made with a wrong option: %s", async (_, options) => {
    const { engine } = await open();
    const made = { functions: [order], ...options };
    expect(() => azureCompat(engine.client, made)).toThrow(
      expect.objectContaining({ code: "INVALID_OPTIONS" }),
    );
  });

  test("baseUrl comes before the paths of all URLs", async () => {
    const { ask } = await open({ baseUrl: "https://orders.example/base/" });
    const { body } = await ask("POST", "/api/orchestrators/order/o-1", pen);
    expect(body["purgeHistoryDeleteUri"]).toBe(
      `https://orders.example/base${instance("o-1")}?taskHub=Handback&connection=Storage`,
    );
  });
});
