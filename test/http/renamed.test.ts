import { embedded, fn, memory } from "handback";
import { asyncHttp } from "handback/http";
import { expect, test } from "vitest";
import { readAnswer, requestOf } from "./open-app.ts";

test("a function that has been renamed is still found by its former name, and so are the flows that it had", async () => {
  const store = memory();
  const former = fn("names/former", (ctx) => ctx.event<string>("word"));
  const before = await embedded({ functions: [former], store });
  const { body } = await readAnswer(
    await asyncHttp(before.client, { functions: [former] }).fetch(requestOf("POST", "/functions/names/former")),
  );
  await before.close();

  const renamed = fn("names/renamed", { aliases: ["names/former"] }, (ctx) => ctx.event<string>("word"));
  const engine = await embedded({ functions: [renamed], store });
  const app = asyncHttp(engine.client, { functions: [renamed] });
  const ask = async (method: string, path: string, asked = {}) => readAnswer(await app.fetch(requestOf(method, path, asked)));
  expect((await ask("GET", String(body["statusUrl"]))).status).toBe(202);
  expect((await ask("POST", `${String(body["statusUrl"])}/events/word`, { body: "hello" })).status).toBe(202);
  expect((await ask("GET", `${String(body["statusUrl"])}?wait=10`)).body).toMatchObject({ status: "completed", output: "hello" });
  for (const name of ["former", "renamed"]) expect((await ask("POST", `/functions/names/${name}`)).status).toBe(202);
  await engine.close();
});
