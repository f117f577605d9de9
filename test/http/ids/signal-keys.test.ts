import { fn } from "handback";
import { describe, expect, test } from "vitest";
import { openApp } from "../open-app.ts";

const collect = fn("signals/collect", (ctx) =>
  ctx.all([ctx.event("item"), ctx.event("item"), ctx.event("other")]),
);

describe("an event with an idempotency key", () => {
  const start = async (authorize?: (request: Request) => string) => {
    const app = await openApp({
      functions: [collect],
      ...(authorize !== undefined && { authorize }),
    });
    const headers = { user: "ada" };
    const { body } = await app.ask("POST", "/functions/signals/collect", { headers });
    const url = String(body["statusUrl"]);
    return {
      url,
      ...app,
      send: async (event: string, item: unknown, key: string, user = "ada") =>
        (
          await app.ask("POST", `${url}/events/${event}`, {
            body: item,
            headers: { "idempotency-key": key, user },
          })
        ).status,
    };
  };

  test("counts once, and is answered like the first after the end of the flow", async () => {
    const { send, ask, url } = await start();
    expect(await send("item", 1, "a")).toBe(202);
    expect(await send("item", 1, '"a"')).toBe(202);
    expect(await send("item", 2, "a")).toBe(409);
    expect(await send("other", 1, "a")).toBe(409);
    expect(await send("item", 1, "b")).toBe(202);
    expect(await send("other", 3, "c")).toBe(202);
    expect((await ask("GET", `${url}?wait=1`)).body["output"]).toEqual([1, 1, 3]);
    expect(await send("item", 1, "a")).toBe(202);
    expect(await send("item", 1, "d")).toBe(410);
    expect(await send("item", 1, " ")).toBe(400);
  });

  test("belongs to the client that sent it", async () => {
    const { send, ask, url } = await start((request) => request.headers.get("user") ?? "ada");
    expect(await send("item", 1, "a")).toBe(202);
    expect(await send("item", 2, "a", "bob")).toBe(202);
    expect(await send("other", 3, "b")).toBe(202);
    expect((await ask("GET", `${url}?wait=1`)).body["output"]).toEqual([1, 2, 3]);
  });
});
