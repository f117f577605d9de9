import { embedded, fn, memory } from "handback";
import { asyncHttp } from "handback/http";
import { expect, test } from "vitest";
import { readAnswer, requestOf } from "./open-app.ts";

const KEY = { "idempotency-key": "k" };

test("a renamed function and its flows are still found by the former name", async () => {
  const store = memory();
  const former = fn("names/former", (ctx) => ctx.event<string>("word"));
  const before = await embedded({ functions: [former], store });
  const { body } = await readAnswer(
    await asyncHttp(before.client, { functions: [former] }).fetch(
      requestOf("POST", "/functions/names/former", { headers: KEY }),
    ),
  );
  await before.close();

  const renamed = fn("names/renamed", { aliases: ["names/former"] }, (ctx) =>
    ctx.event<string>("word"),
  );
  const engine = await embedded({ functions: [renamed], store });
  const app = asyncHttp(engine.client, { functions: [renamed] });
  const ask = async (method: string, path: string, asked = {}) =>
    readAnswer(await app.fetch(requestOf(method, path, asked)));
  expect((await ask("GET", String(body["statusUrl"]))).status).toBe(202);
  // The same key by either name finds the same flow. With another input it is a conflict.
  for (const name of ["former", "renamed"]) {
    const again = await ask("POST", `/functions/names/${name}`, { headers: KEY });
    expect([again.status, again.body["id"], again.body["startedAt"]]).toEqual([
      202,
      body["id"],
      body["startedAt"],
    ]);
    expect((await ask("POST", `/functions/names/${name}`, { headers: KEY, body: 5 })).status).toBe(
      409,
    );
  }
  expect(
    (await ask("POST", `${String(body["statusUrl"])}/events/word`, { body: "hello" })).status,
  ).toBe(202);
  expect((await ask("GET", `${String(body["statusUrl"])}?wait=10`)).body).toMatchObject({
    status: "completed",
    output: "hello",
  });
  for (const name of ["former", "renamed"])
    expect((await ask("POST", `/functions/names/${name}`)).status).toBe(202);
  await engine.close();
});
