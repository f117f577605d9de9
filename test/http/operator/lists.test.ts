import { fn, stateful, value } from "handback";
import type { Embedded } from "handback";
import { asyncHttp } from "handback/http";
import type { Access, AsyncHttpOptions } from "handback/http";
import { describe, expect, test } from "vitest";
import { openApp, requestOf } from "../open-app.ts";

const pay = fn("desk/pay", (ctx, customer: string) => {
  ctx.setAttributes({ customer });
  if (customer === "poor") throw new Error("no money");
  return customer;
});
const wait = fn("desk/wait", (ctx) => ctx.event<string>("word"));
const cart = stateful("desk/cart", {
  state: { items: value(0) },
  handlers: { add: (ctx) => ctx.state.items++ },
});
const lose = fn("desk/lose", () => {
  throw new Error("lost");
});
const send = fn("desk/send", (ctx) => ctx.send(lose));
const functions = [pay, wait, cart, send, lose];

/** An app with routes for operators over an engine with some flows. */
async function openDesk(options: Partial<AsyncHttpOptions> = {}) {
  const asked: Access[] = [];
  const { engine, clock, ask } = await openApp(
    {
      functions,
      operator: true,
      authorize: (_, access) => (asked.push(access), true),
      ...options,
    },
    { functions, history: true },
  );
  await clock.until(fill(engine));
  await clock.quiet();
  return { asked, ask, clock, engine };
}

async function fill({ client }: Embedded): Promise<void> {
  await client.call(pay, "rich", { key: "a-1" });
  await client.call(pay, "poor", { key: "a-2" }).catch(() => undefined);
  await client.start(wait, undefined, { key: "b-1" });
  for (const id of ["eu-1", "eu-2", "us-1"]) await client.call(cart.add, undefined, { id });
  await client.call(send);
}

type Ask = Awaited<ReturnType<typeof openDesk>>["ask"];

/** Reads the ids in a list. */
async function idsOf(ask: Ask, path: string, member = "flows"): Promise<readonly string[]> {
  const { body } = await ask("GET", path);
  return (body[member] as readonly { readonly id: string }[]).map(({ id }) => id);
}

describe("an operator", () => {
  test("lists flows by filters, page by page", async () => {
    const { ask } = await openDesk();
    expect(await idsOf(ask, "/flows?keyPrefix=a-&order=oldest")).toEqual(["a-1", "a-2"]);
    expect(await idsOf(ask, "/flows?status=pending")).toEqual(["b-1"]);
    const customer = encodeURIComponent(JSON.stringify({ customer: "rich" }));
    expect(await idsOf(ask, `/flows?attribute=${customer}`)).toEqual(["a-1"]);
    expect(await idsOf(ask, "/flows?function=desk/wait&startedAfter=1970-01-01")).toEqual(["b-1"]);
    const { body: first } = await ask("GET", "/flows?keyPrefix=a-&limit=1");
    const rest = `/flows?keyPrefix=a-&limit=1&cursor=${String(first["cursor"])}`;
    expect(await idsOf(ask, rest)).toEqual(["a-1"]);
    const { body } = await ask("GET", "/flow-count?status=failed");
    expect(body).toEqual({ count: 1 });
  });

  test("lists states and dead letters", async () => {
    const { ask } = await openDesk();
    expect(await idsOf(ask, "/states/desk/cart?idPrefix=eu-", "states")).toEqual(["eu-1", "eu-2"]);
    const { body } = await ask("GET", "/dead-letters");
    expect(body["letters"]).toMatchObject([{ target: { type: "desk/lose" } }]);
  });

  test.each([
    ["/events", ["a-1 started", "a-1 completed"]],
    ["/events?function=desk/wait", ["b-1 started"]],
    ["/flows/a-2/history", ["a-2 started", "a-2 ran", "a-2 failed"]],
  ])("follows %s, and goes on after the last event", async (path, expected) => {
    const { clock, engine } = await openDesk();
    const app = asyncHttp(engine.client, {
      functions,
      operator: true,
      authorize: () => true,
      clock,
    });
    const read = async (headers: Readonly<Record<string, string>>, count: number) => {
      const response = await clock.until(
        Promise.resolve(app.fetch(requestOf("GET", path, { headers }))),
      );
      const reader = (response.body as ReadableStream<Uint8Array>).getReader();
      await reader.read();
      const events: { readonly id: string; readonly told: string }[] = [];
      while (events.length < count) {
        const { value } = await clock.until(reader.read());
        const text = new TextDecoder().decode(value);
        const [, id = "", data = "{}"] = /^id: (.*)\ndata: (.*)\n\n$/.exec(text) ?? [];
        const { flow, type } = JSON.parse(data) as { readonly flow: string; readonly type: string };
        events.push({ id, told: `${flow} ${type}` });
      }
      await reader.cancel();
      return events;
    };
    const all = await read({}, expected.length);
    expect(all.map(({ told }) => told)).toEqual(expected);
    const rest = await read({ "last-event-id": all[0]?.id ?? "" }, expected.length - 1);
    expect(rest.map(({ told }) => told)).toEqual(expected.slice(1));
  });

  test("reads a history so far, also of a flow that waits", async () => {
    const { clock, engine } = await openDesk();
    const rules = { functions, operator: true, authorize: () => true, clock };
    const app = asyncHttp(engine.client, rules);
    const request = requestOf("GET", "/flows/b-1/history?follow=false");
    const response = await clock.until(Promise.resolve(app.fetch(request)));
    const text = await clock.until(response.text());
    expect(text.match(/"type":"\w+"/g)).toEqual(['"type":"started"', '"type":"ran"']);
  });

  test("is told what is wrong with a filter", async () => {
    const { ask } = await openDesk();
    const code = async (path: string) => {
      const { status, body } = await ask("GET", path);
      return [status, body["code"]];
    };
    for (const query of [
      "colour=red",
      "limit=0",
      "limit=x",
      "status=done",
      "attribute={",
      "__proto__=1",
    ])
      expect(await code(`/flows?${query}`)).toEqual([400, "MALFORMED_FILTER"]);
    expect(await code("/flows?limit=1&limit=2")).toEqual([400, "REPEATED_PARAMETER"]);
    expect(await code("/flows?cursor=x")).toEqual([400, "INVALID_CURSOR"]);
    expect(await code("/flows?function=nowhere")).toEqual([400, "INVALID_NAME"]);
    expect(await code("/states/desk/pay")).toEqual([404, "UNKNOWN_FUNCTION"]);
    expect(await code("/events?after=x")).toEqual([400, "INVALID_CURSOR"]);
    expect(await code("/flows/a-1/history?follow=no")).toEqual([400, "MALFORMED_FILTER"]);
  });
});

describe("routes for operators", () => {
  const PATHS = ["/flows", "/flow-count", "/events", "/states/desk/cart", "/dead-letters"];

  test("ask the hook, each under its own action", async () => {
    const { ask, asked } = await openDesk({ authorize: (_, access) => (seen.push(access), false) });
    const seen = asked;
    for (const path of [...PATHS, "/flows/a-1/history"])
      expect((await ask("GET", path)).status).toBe(403);
    expect(seen.map(({ action }) => action)).toEqual([
      "list",
      "list",
      "events",
      "states",
      "dead-letters",
      "history",
    ]);
  });

  test("need the option, and the option needs a hook", async () => {
    const { ask, engine } = await openDesk({ operator: false });
    for (const path of PATHS) expect((await ask("GET", path)).status).toBe(404);
    expect(() => asyncHttp(engine.client, { functions, operator: true })).toThrow(/authorize/);
  });
});
