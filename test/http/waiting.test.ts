import { fn, stateful, value } from "handback";
import { asyncHttp } from "handback/http";
import { describe, expect, test } from "vitest";
import { openApp, readAnswer, requestOf } from "./open-app.ts";

const greet = fn("waits/greet", (ctx, name: string) =>
  ctx.onComplete(ctx.event<string>("word"), greeted, name),
);
const greeted = fn(
  "waits/greeted",
  (_, { result, args }: { result: string; args: string }) => `${result} ${args}`,
);

describe("waiting for one flow", () => {
  test("serves a thousand clients at once, and disconnected ones delay nothing", async () => {
    const { engine, clock, ask } = await openApp(
      { functions: [greet] },
      { functions: [greet, greeted] },
    );
    const app = asyncHttp(engine.client, { functions: [greet], clock });
    const { body } = await ask("POST", "/functions/waits/greet", { body: "Ada" });
    const leaving = new AbortController();
    const waiting = Array.from({ length: 1_000 }, async (_, n) =>
      app.fetch(
        requestOf(
          "GET",
          `${String(body["statusUrl"])}?wait=60`,
          n % 2 === 0 ? {} : { signal: leaving.signal },
        ),
      ),
    );
    await clock.quiet();
    leaving.abort();
    const began = clock.now();
    await ask("POST", `${String(body["statusUrl"])}/events/word`, { body: "hello" });
    const answers = await clock.until(Promise.all(waiting));
    expect(clock.now() - began).toBeLessThan(60_000);
    for (const [n, answer] of answers.entries()) {
      const { status, body: told } = await readAnswer(answer);
      expect([status, told["output"]]).toEqual(n % 2 === 0 ? [200, "hello Ada"] : [202, undefined]);
    }
  });

  test("does not wait for a client that disconnected before", async () => {
    const { clock, ask } = await openApp({ functions: [greet] }, { functions: [greet, greeted] });
    const { body } = await ask("POST", "/functions/waits/greet", { body: "Ada" });
    const began = clock.now();
    expect(
      (await ask("GET", `${String(body["statusUrl"])}?wait=60`, { signal: AbortSignal.abort() }))
        .status,
    ).toBe(202);
    expect(clock.now()).toBe(began);
  });

  test("HEAD says what GET says, without the body", async () => {
    const { ask } = await openApp({ functions: [greet] }, { functions: [greet, greeted] });
    const { body } = await ask("POST", "/functions/waits/greet", { body: "Ada" });
    for (const path of [
      String(body["statusUrl"]),
      `${String(body["statusUrl"])}?wait=0.1`,
      "/flows/unknown",
      "/flows/unknown?wait=x",
    ]) {
      const [get, head] = [await ask("GET", path), await ask("HEAD", path)];
      expect([head.status, [...head.headers], head.text]).toEqual([
        get.status,
        [...get.headers],
        "",
      ]);
    }
  });
});

test("status does not wait for the work, at a busy state or in its queue", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const desk = stateful("waits/desk", {
    state: { served: value(0) },
    handlers: {
      async serve(ctx) {
        await promise;
        return ++ctx.state.served;
      },
    },
  });
  const { ask } = await openApp({ functions: [desk] }, { concurrency: 1 });
  const flows = [];
  for (let n = 0; n < 5; n++)
    flows.push(String((await ask("POST", "/functions/waits/desk/serve?id=one")).body["statusUrl"]));
  for (const url of flows)
    expect((await ask("GET", url)).body).toMatchObject({ status: "pending" });
  resolve();
  const outputs = [];
  for (const url of flows) outputs.push((await ask("GET", `${url}?wait=10`)).body["output"]);
  expect(outputs).toEqual([1, 2, 3, 4, 5]);
});
