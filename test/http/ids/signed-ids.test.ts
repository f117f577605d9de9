import { embedded, fn, memory, sqlite, stateful, value } from "handback";
import type { Client } from "handback";
import { asyncHttp } from "handback/http";
import fc from "fast-check";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { onPoorestLosing } from "../../conformance/host.ts";
import { temporaryDirectory } from "../../stores/support/temporary-directory.ts";
import { openApp, readAnswer, requestOf } from "../open-app.ts";

const cart = stateful("ids/cart", {
  state: { card: value("") },
  handlers: {
    open: (ctx, card: string) => (ctx.state.card = card),
    change: (ctx, card: string) => (ctx.state.card = card),
  },
  queries: { show: (ctx) => ctx.state.card },
});
/** Opens a cart in a handler, and returns its id as a part of the output. */
const desk = fn("ids/desk", { parts: [cart] }, (ctx, card: string) => {
  const opened = ctx.invoke(cart.open, card);
  return { id: opened.stateId, card: opened };
});
const ask = fn("ids/ask", (ctx) => ctx.event("answer"));
const functions = [cart, desk, ask];

type Fetch = { fetch(request: Request): Response | Promise<Response> };

const post = async (app: Fetch, path: string, body?: unknown, key?: string) =>
  readAnswer(
    await app.fetch(
      requestOf("POST", `/functions/ids/${path}`, {
        body,
        ...(key !== undefined && { headers: { "idempotency-key": key } }),
      }),
    ),
  );
const at = (operation: string, id: unknown): string =>
  `cart/${operation}?wait=5&id=${encodeURIComponent(String(id))}`;

describe("the id of a state that the system made", () => {
  test("reaches its state over HTTP as it was given, and changes nothing otherwise", async () => {
    const engine = await embedded({ functions, store: memory() });
    const app = asyncHttp(engine.client, { functions });
    const ada = (await post(app, "cart/open?wait=5", "card of Ada")).body["stateId"] as string;
    const eve = (await post(app, "cart/open?wait=5", "card of Eve")).body["stateId"] as string;
    expect(ada).toMatch(/^@[0-9a-f]{40}\.[0-9a-f]{32}$/);
    for (const id of [ada, ada]) {
      const { status, body } = await post(app, at("show", id));
      expect([status, body["output"], body["stateId"]]).toEqual([200, "card of Ada", ada]);
    }
    const unknown = await readAnswer(await app.fetch(requestOf("GET", "/flows/unknown")));
    const [bare = "", signature = ""] = ada.split(".");
    const [other = "", foreign = ""] = eve.split(".");
    const digit = fc.constantFrom(...Array.from({ length: 16 }, (_, n) => n.toString(16)));
    const edit = fc.tuple(fc.nat(ada.length - 1), digit);
    const counted = fc.integer({ min: -3, max: 3 }).map((by) => {
      const next = (BigInt(`0x${other.slice(1, 17)}`) + BigInt(by)).toString(16).padStart(16, "0");
      return `@${next}${other.slice(17)}`;
    });
    const guess = fc.oneof(
      counted,
      fc.tuple(counted, fc.constantFrom(signature, foreign)).map((parts) => parts.join(".")),
      fc
        .tuple(counted, fc.string({ unit: digit, minLength: 32, maxLength: 32 }))
        .map((parts) => parts.join(".")),
      edit.map(([n, to]) => `${ada.slice(0, n)}${to}${ada.slice(n + 1)}`),
      fc.nat(ada.length - 42).map((cut) => ada.slice(0, ada.length - cut)),
      fc.string().map((more) => `${ada}${more}`),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(guess, fc.constant(bare)),
        fc.constantFrom("show", "change"),
        async (id, operation) => {
          fc.pre(id !== ada && id !== eve);
          const answer = await post(app, at(operation, id), "card of nobody");
          // Other texts are ids that a client chose.
          if (/^@[0-9a-f]{40}(\.|$)/.test(id))
            expect([answer.status, answer.text]).toEqual([404, unknown.text]);
          else expect(answer.body["output"]).not.toBe("card of Ada");
        },
      ),
      {
        numRuns: 200,
        examples: [
          [bare, "show"],
          [`${bare}.${foreign}`, "show"],
          [`${bare}.`, "change"],
          [`${bare}.${signature.toUpperCase()}`, "change"],
          [`${bare}.${signature.slice(1)}`, "change"],
        ],
      },
    );
    expect((await post(app, at("show", ada))).body["output"]).toBe("card of Ada");
    await engine.close();
  });

  test("in an output is of no use over HTTP, and works in the same process", async () => {
    const engine = await embedded({ functions, store: memory() });
    const app = asyncHttp(engine.client, { functions });
    const { body } = await post(app, "desk?wait=5", "card of Ada");
    const { id } = body["output"] as { id: string };
    expect((await post(app, at("show", id))).status).toBe(404);
    expect(await engine.client.call(cart.show, undefined, { id })).toBe("card of Ada");
    await engine.close();
  });

  test("stays valid after a restart, and in its own store alone", async () => {
    const folder = temporaryDirectory();
    let id: unknown;
    for (const isFirst of [true, false]) {
      const store = sqlite(join(folder, "ids.db"));
      const engine = await embedded({ functions, store });
      const app = asyncHttp(engine.client, { functions });
      if (isFirst) id = (await post(app, "cart/open?wait=5", "card of Ada")).body["stateId"];
      expect((await post(app, at("show", id))).body["output"]).toBe("card of Ada");
      await engine.close();
    }
    const other = await embedded({ functions, store: memory() });
    const app = asyncHttp(other.client, { functions });
    expect((await post(app, at("show", id))).status).toBe(404);
    await other.close();
  });

  test("works on every engine", async () => {
    const host = await onPoorestLosing(0.2).start(functions, {}, 3);
    const app = asyncHttp(host.client as Client, { functions, clock: host.clock });
    const started = await host.clock.until(post(app, "cart/open?wait=5", "card of Ada"));
    const id = String(started.body["stateId"]);
    const shown = await host.clock.until(post(app, at("show", id)));
    expect(shown.body["output"]).toBe("card of Ada");
    expect((await post(app, at("show", id.split(".")[0]))).status).toBe(404);
    await host.close();
  });

  test("leaves ids that clients choose as they are", async () => {
    const { ask: send } = await openApp({ functions });
    for (const id of ["a", "@ada", "@ada.b", `@${"0".repeat(39)}`, "0".repeat(40)]) {
      const path = `/functions/ids/cart/change?wait=1&id=${encodeURIComponent(id)}`;
      expect((await send("POST", path, { body: "mine" })).body).toMatchObject({ stateId: id });
    }
  });
});

describe("the id of a flow that was started with an idempotency key", () => {
  const digestOf = (key: string): string =>
    createHash("sha256")
      .update(JSON.stringify([null, key]))
      .digest("hex")
      .slice(0, 48);

  test("cannot be computed from the key", async () => {
    const engine = await embedded({ functions, store: memory() });
    const app = asyncHttp(engine.client, { functions });
    const { body } = await post(app, "ask", undefined, "order 5");
    for (const guess of [digestOf("order 5"), "order 5"]) {
      const request = requestOf("GET", `/flows/${encodeURIComponent(guess)}`);
      expect((await readAnswer(await app.fetch(request))).status).toBe(404);
    }
    expect((await post(app, "ask", undefined, "order 5")).body["id"]).toBe(body["id"]);
    await engine.close();
  });

  test("stays what it was for a flow that an earlier release started", async () => {
    const engine = await embedded({ functions, store: memory() });
    const app = asyncHttp(engine.client, { functions });
    await engine.client.start(ask, undefined, { key: digestOf("order 5") });
    const { body } = await post(app, "ask", undefined, "order 5");
    expect(body["id"]).toBe(digestOf("order 5"));
    await engine.close();
  });
});

test("a signature is the same each time, and another for each text and store", async () => {
  const engines = await Promise.all([1, 2].map(() => embedded({ functions: [], store: memory() })));
  const signatures = await Promise.all(
    engines.flatMap(({ client }) => ["a", "b", "a"].map((text) => client.sign(text))),
  );
  expect(new Set(signatures).size).toBe(4);
  expect(signatures[0]).toBe(signatures[2]);
  for (const signature of signatures) expect(signature).toMatch(/^[0-9a-f]{64}$/);
  await Promise.all(engines.map((engine) => engine.close()));
  await expect(engines[0]?.client.sign("c")).resolves.toMatch(/^[0-9a-f]{64}$/);
});
