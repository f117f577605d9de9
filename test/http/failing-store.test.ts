import { fn, memory } from "handback";
import { expect, test } from "vitest";
import { FillableStore } from "../durability/support/fillable-store.ts";
import { HeldStore } from "../durability/support/held-store.ts";
import { keptLog } from "./kept-log.ts";
import { openApp } from "./open-app.ts";

const greet = fn("store/greet", (ctx, name: string) =>
  ctx.onComplete(ctx.event<string>("word"), greeted, name),
);
const greeted = fn(
  "store/greeted",
  (_, { result, args }: { result: string; args: string }) => `${result} ${args}`,
);
const shown = { functions: [greet] };
const functions = [greet, greeted];
const key = (text: string) => ({ "idempotency-key": text });

test("a full disk is answered with 503 and a retry time, and reads still work", async () => {
  const disk = new FillableStore();
  const { ask, clock } = await openApp(shown, { functions, store: disk.store });
  const before = await ask("POST", "/functions/store/greet", { body: "Ada" });
  const url = String(before.body["statusUrl"]);
  disk.isFull = true;
  // The first is running when the disk fails. The second is refused at once.
  for (const name of ["Bob", "Cy"]) {
    const { status, headers, body } = await ask("POST", "/functions/store/greet", {
      body: name,
      headers: key(name),
    });
    expect([status, body["code"], headers.get("retry-after")]).toEqual([503, "STORE_FULL", "2"]);
  }
  for (const [method, path] of [
    ["POST", `${url}/events/word`],
    ["POST", `${url}/cancel`],
    ["DELETE", url],
  ] as const)
    expect((await ask(method, path)).status).toBe(503);
  expect((await ask("GET", url)).status).toBe(202);
  disk.isFull = false;
  await clock.advance(60_000);
  for (const name of ["Bob", "Cy"])
    expect(
      (await ask("POST", "/functions/store/greet", { body: name, headers: key(name) })).status,
    ).toBe(202);
  expect((await ask("POST", `${url}/events/word`, { body: "hello" })).status).toBe(202);
  expect((await ask("GET", `${url}?wait=1`)).body).toMatchObject({ output: "hello Ada" });
});

test("a failing disk is answered with 500 and a code, and starts nothing", async () => {
  let fails = false;
  const store = new HeldStore(memory(), async () => {
    if (fails) throw new Error("EIO: i/o error, write '/home/ada/wf.db'");
  });
  const [log, lines] = keptLog();
  const { ask } = await openApp({ ...shown, log }, { functions, store });
  const { body } = await ask("POST", "/functions/store/greet", { body: "Ada" });
  fails = true;
  const failed = await ask("POST", "/functions/store/greet", { body: "Bob" });
  expect([failed.status, failed.body["code"]]).toEqual([500, "STORE_FAILED"]);
  expect(failed.text).not.toMatch(/EIO|wf\.db/);
  expect(lines).toMatchObject([["a request failed", { errorId: failed.body["errorId"] }]]);
  for (const method of ["GET", "DELETE"]) {
    const after = await ask(method, String(body["statusUrl"]));
    expect([after.status, after.text.includes("wf.db")]).toEqual([
      after.body["code"] === "CLOSED" ? 503 : 500,
      false,
    ]);
  }
});

test("a closing engine answers waiting clients and says that it is closed", async () => {
  const { ask, engine, clock } = await openApp(shown, { functions });
  const { body } = await ask("POST", "/functions/store/greet", { body: "Ada" });
  const waiting = ask("GET", `${String(body["statusUrl"])}?wait=60`);
  const began = clock.now();
  await clock.until(engine.close());
  const { status, body: told, headers } = await waiting;
  expect([status, told["code"], headers.get("retry-after")]).toEqual([503, "CLOSED", "2"]);
  expect(clock.now() - began).toBeLessThan(60_000);
});
