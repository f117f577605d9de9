import { fn, stateful, value } from "handback";
import type { Embedded } from "handback";
import { asyncHttp } from "handback/http";
import type { Access, AsyncHttpOptions } from "handback/http";
import { describe, expect, test } from "vitest";
import { openApp } from "../open-app.ts";

let isUp = false;
/** Pauses while the bank is down. */
const pay = fn("fix/pay", { whenFailed: "pause" }, (_, cents: number) => {
  if (!isUp) throw new Error("the bank is down");
  return cents;
});
const both = fn("fix/both", (ctx) => ctx.all([ctx.invoke(pay, 1), ctx.invoke(pay, 2)]));
const wait = fn("fix/wait", (ctx) => ctx.event<string>("word"));
const lose = fn("fix/lose", (_, word: string) => {
  if (!isUp) throw new Error("lost");
  return word;
});
const send = fn("fix/send", (ctx) => ctx.send(lose, "a word"));
const cart = stateful("fix/cart", {
  state: { items: value(0) },
  handlers: { add: (ctx) => ctx.state.items++ },
});
const functions = [pay, both, wait, lose, send, cart];

/** An app with all routes for operators. Only one of the functions is exposed to clients. */
async function openRepair(options: Partial<AsyncHttpOptions> = {}) {
  isUp = false;
  const asked: Access[] = [];
  const all: Partial<AsyncHttpOptions> = {
    functions: [wait, cart],
    operator: true,
    authorize: (_, access) => (asked.push(access), true),
    ...options,
  };
  const held: { engine?: Embedded } = {};
  const deadLetters = {
    redrive: async (id: string) => held.engine?.redrive(id) ?? false,
    discard: async (id: string) => held.engine?.discard(id),
  };
  const opened = await openApp(
    { functions: [wait, cart], deadLetters, ...all },
    { functions, history: true },
  );
  const { engine } = opened;
  const { client } = engine;
  held.engine = engine;
  const begin = async (work: Promise<unknown>) => {
    await opened.clock.until(work);
    await opened.clock.quiet();
  };
  return { ...opened, client, asked, begin };
}

type Calls = readonly { readonly call: string; readonly failure: { readonly message: string } }[];

describe("an operator", () => {
  test("sees the paused calls of a flow, and runs one of them again", async () => {
    const { ask, begin, client, clock } = await openRepair();
    await begin(client.start(both, undefined, { key: "o-1" }));
    const { body } = await ask("GET", "/flows/o-1/paused");
    const calls = body["paused"] as Calls;
    expect(calls.map(({ failure }) => failure.message)).toEqual([
      "the bank is down",
      "the bank is down",
    ]);
    expect((await ask("POST", "/flows/o-1/resume")).body["code"]).toBe("MALFORMED_OPTIONS");
    isUp = true;
    for (const [at, { call }] of calls.entries()) {
      const resumed = await ask("POST", "/flows/o-1/resume", { body: { call, input: 10 + at } });
      expect(resumed.status).toBe(202);
    }
    expect(await clock.until(client.flow("o-1").result())).toEqual([10, 11]);
    expect((await ask("POST", "/flows/o-1/resume")).body).toMatchObject({
      status: 409,
      code: "NOT_PAUSED",
    });
  });

  test("lets the failure of a paused call pass on", async () => {
    const { ask, begin, client } = await openRepair();
    await begin(client.start(pay, 5, { key: "o-1" }));
    expect((await ask("POST", "/flows/o-1/fail", { body: {} })).status).toBe(202);
    expect((await client.status("o-1")).status).toBe("failed");
  });

  test.each([{ call: "x" }, { speed: 5 }, { newKey: "yes" }, [], "x", 5])(
    "is told that %j are no options of a resumption",
    async (body) => {
      const { ask, begin, client } = await openRepair();
      await begin(client.start(pay, 5, { key: "o-1" }));
      const answer = await ask("POST", "/flows/o-1/resume", { body });
      expect(answer.body).toMatchObject({ status: 400, code: "MALFORMED_OPTIONS" });
      expect((await client.status("o-1")).status).toBe("paused");
    },
  );

  test("works on all flows that meet a filter", async () => {
    const { ask, begin, client } = await openRepair();
    for (const n of [1, 2, 3]) await begin(client.start(pay, n, { key: `p-${n}` }));
    for (const n of [1, 2]) await begin(client.start(wait, undefined, { key: `w-${n}` }));
    isUp = true;
    const dry = await ask("POST", "/bulk/resume?keyPrefix=p-&dryRun=true");
    expect(dry.body).toEqual({ matched: 3, done: 0 });
    expect((await ask("POST", "/bulk/resume?keyPrefix=p-")).body).toEqual({ matched: 3, done: 3 });
    expect((await ask("POST", "/bulk/cancel?function=fix/wait")).body).toMatchObject({ done: 2 });
    expect((await ask("POST", "/bulk/purge?status=cancelled")).body).toMatchObject({ done: 2 });
    expect(await client.countFlows()).toBe(3);
    for (const query of ["batch=0", "dryRun=1", "colour=red", "onProgress=x"]) {
      const { body } = await ask("POST", `/bulk/cancel?${query}`);
      expect(body["code"]).toBe("MALFORMED_FILTER");
    }
    const { body } = await ask("POST", "/bulk/resume?status=failed");
    expect(body["code"]).toBe("MALFORMED_FILTER");
  });

  test("restarts a flow that has failed, and all flows of a filter", async () => {
    const { ask, begin, client, clock } = await openRepair();
    for (const n of [1, 2, 3]) {
      await begin(client.start(pay, n, { key: `p-${n}` }));
      await begin(client.fail(`p-${n}`));
    }
    for (const body of [undefined, {}, { keys: "old" }, { keys: "same", call: "x" }])
      expect((await ask("POST", "/flows/p-1/restart", { body })).body).toMatchObject({
        status: 400,
        code: "MALFORMED_OPTIONS",
      });
    expect((await ask("POST", "/flows/none/restart", { body: { keys: "new" } })).status).toBe(404);
    isUp = true;
    expect((await ask("POST", "/flows/p-1/restart", { body: { keys: "same" } })).status).toBe(202);
    expect(await clock.until(client.flow("p-1").result())).toBe(1);
    const late = await ask("POST", "/flows/p-1/restart", { body: { keys: "same" } });
    expect(late.body).toMatchObject({ status: 409, code: "NOT_RESTARTABLE" });
    expect((await ask("POST", "/bulk/restart")).body["code"]).toBe("MALFORMED_FILTER");
    const bulk = await ask("POST", "/bulk/restart?status=failed&keys=new&batch=1");
    expect(bulk.body).toEqual({ matched: 2, done: 2 });
    await clock.quiet();
    expect(await client.countFlows({ status: "completed" })).toBe(3);
  });

  test("pauses a flow, a function, and all flows of a filter", async () => {
    const { ask, begin, client, clock } = await openRepair();
    isUp = true;
    for (const n of [1, 2, 3]) await begin(client.start(wait, undefined, { key: `w-${n}` }));
    expect((await ask("POST", "/flows/w-1/pause")).status).toBe(202);
    expect((await ask("POST", "/flows/none/pause")).status).toBe(404);
    expect((await client.status("w-1")).status).toBe("paused");
    expect((await ask("POST", "/bulk/pause?keyPrefix=w-")).body).toMatchObject({ done: 2 });
    expect((await ask("POST", "/flows/w-1/resume", { body: {} })).status).toBe(202);
    expect((await client.status("w-1")).status).toBe("pending");
    expect((await ask("POST", "/paused-functions/fix/pay")).status).toBe(202);
    expect((await ask("POST", "/paused-functions/fix/none")).body["code"]).toBe("UNKNOWN_FUNCTION");
    expect((await ask("GET", "/paused-functions")).body).toEqual({ functions: ["fix/pay"] });
    await begin(client.start(pay, 5, { key: "p" }));
    expect((await client.status("p")).status).toBe("pending");
    expect((await ask("DELETE", "/paused-functions/fix/pay")).status).toBe(202);
    expect(await clock.until(client.flow("p").result())).toBe(5);
    expect((await ask("DELETE", "/paused-functions/fix/pay")).status).toBe(409);
  });

  test("gets the sums so far, and goes on, when the time of a request is over", async () => {
    const { ask, begin, client } = await openRepair({ maxWait: 0 });
    for (const n of [1, 2, 3]) await begin(client.start(wait, undefined, { key: `w-${n}` }));
    const path = "/bulk/cancel?keyPrefix=w-&batch=2";
    const { body: first } = await ask("POST", path);
    expect(first).toMatchObject({ matched: 2, done: 2, cursor: expect.any(String) });
    const { body: rest } = await ask("POST", `${path}&cursor=${String(first["cursor"])}`);
    expect(rest).toEqual({ matched: 1, done: 1 });
  });

  test("reads, expires and ends a state", async () => {
    const { ask, begin, client, clock } = await openRepair();
    for (const id of ["c/1", "c-2"]) await begin(client.call(cart.add, undefined, { id }));
    expect((await ask("GET", "/states/fix/cart/c%2F1")).body).toEqual({
      id: "c/1",
      state: { items: 1 },
    });
    expect((await ask("DELETE", "/states/fix/cart/c%2F1")).status).toBe(204);
    expect((await ask("GET", "/states/fix/cart/c%2F1")).status).toBe(404);
    expect((await ask("POST", "/states/fix/cart/c-2/expiry", { body: "5m" })).status).toBe(204);
    for (const body of ["soon", -1, null, {}, undefined]) {
      const refused = await ask("POST", "/states/fix/cart/c-2/expiry", { body });
      expect(refused.body["code"]).toBe("MALFORMED_OPTIONS");
    }
    await clock.advance(300_001);
    await clock.quiet();
    expect((await ask("GET", "/states/fix/cart/c-2")).status).toBe(404);
    expect((await ask("DELETE", "/states/fix/cart/c-2")).status).toBe(404);
    expect((await ask("GET", "/states/fix/pay/x")).body["code"]).toBe("UNKNOWN_FUNCTION");
  });

  test("redrives and discards dead letters", async () => {
    const { ask, begin, client } = await openRepair();
    for (const key of ["s-1", "s-2"]) await begin(client.start(send, undefined, { key }));
    const letters = async (): Promise<readonly { readonly id: string }[]> =>
      (await ask("GET", "/dead-letters")).body["letters"] as readonly { readonly id: string }[];
    const [one, other] = (await letters()).map(({ id }) => id);
    isUp = true;
    expect((await ask("POST", `/dead-letters/${one}/redrive`)).status).toBe(202);
    expect((await letters()).map(({ id }) => id)).toEqual([other]);
    expect((await ask("DELETE", `/dead-letters/${other}`)).status).toBe(204);
    expect(await letters()).toEqual([]);
    expect((await ask("POST", `/dead-letters/${one}/redrive`)).status).toBe(404);
    expect((await ask("DELETE", "/dead-letters/x")).status).toBe(404);
  });

  test("needs the option deadLetters to change dead letters", async () => {
    const { ask } = await openRepair({ deadLetters: undefined } as object);
    expect((await ask("DELETE", "/dead-letters/x")).body).toMatchObject({
      status: 501,
      code: "UNSUPPORTED",
    });
    await expect(openRepair({ deadLetters: {} } as object)).rejects.toMatchObject({
      code: "INVALID_OPTIONS",
    });
  });

  test("needs the option stats to read figures", async () => {
    const { ask } = await openRepair();
    expect((await ask("GET", "/stats")).body).toMatchObject({ status: 501, code: "UNSUPPORTED" });
    await expect(openRepair({ stats: {} } as object)).rejects.toMatchObject({
      code: "INVALID_OPTIONS",
    });
  });

  test("follows the history of a flow whose function is not exposed, also of a counted id", async () => {
    const { ask, begin, client, clock } = await openRepair();
    await begin(client.call(send));
    const [flow] = (await client.flows({ function: "fix/send" })).flows;
    const { status, text } = await ask("GET", `/flows/${flow?.id}/history`);
    expect([status, text]).toEqual([200, expect.stringMatching(/"type":"started".*"completed"/s)]);
    expect((await ask("GET", "/flows/unknown/history")).status).toBe(404);
    await clock.quiet();
  });
});

test("every route for operators asks the hook, under an action of its own, before all else", async () => {
  const { asked, engine } = await openRepair();
  const app = asyncHttp(engine.client, {
    functions: [wait, cart],
    operator: true,
    authorize: (_, access) => (asked.push(access), false),
  });
  const actions: [string, Access][] = [];
  for (const path of new Set(app.routes.map((route) => route.path))) {
    const place = path.replaceAll(":", "");
    const { headers } = await app.request(place, { method: "OPTIONS" });
    for (const method of headers.get("allow")?.split(", ") ?? []) {
      if (method === "HEAD" || method === "OPTIONS") continue;
      asked.length = 0;
      const { status } = await app.request(`${place}?limit=x`, { method, body: null });
      expect([method, place, status, asked.length]).toEqual([method, place, 403, 1]);
      actions.push([`${method} ${place}`, asked[0] as Access]);
    }
  }
  expect(Object.fromEntries(actions)).toMatchObject({
    "GET /flows/flow/paused": { action: "paused", flow: "flow" },
    "POST /flows/flow/resume": { action: "resume", flow: "flow" },
    "POST /flows/flow/fail": { action: "fail", flow: "flow" },
    "POST /flows/flow/pause": { action: "pause", flow: "flow" },
    "POST /flows/flow/restart": { action: "restart", flow: "flow" },
    "GET /paused-functions": { action: "paused-functions" },
    "POST /paused-functions/namespace/name": {
      action: "pause-function",
      function: "namespace/name",
    },
    "DELETE /paused-functions/namespace/name": {
      action: "resume-function",
      function: "namespace/name",
    },
    "POST /bulk/pause": { action: "pause-all" },
    "POST /bulk/restart": { action: "restart-all" },
    "POST /bulk/resume": { action: "resume-all" },
    "POST /bulk/cancel": { action: "cancel-all" },
    "POST /bulk/purge": { action: "purge-all" },
    "GET /states/namespace/name/id": { action: "state", function: "namespace/name", id: "id" },
    "DELETE /states/namespace/name/id": { action: "terminate", id: "id" },
    "POST /states/namespace/name/id/expiry": { action: "expire", id: "id" },
    "DELETE /dead-letters/id": { action: "discard", id: "id" },
    "POST /dead-letters/id/redrive": { action: "redrive", id: "id" },
    "GET /stats": { action: "stats" },
  });
});
