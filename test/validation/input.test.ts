import { embedded, fn, HandbackError, memory } from "handback";
import type { Embedded } from "handback";
import { asyncHttp } from "handback/http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { StandardSchemaV1 } from "../../src/core/validation/standard-schema.ts";
import { z } from "zod";
import { valibotName, valibotOrder, zodName, zodOrder } from "./schemas.ts";
import type { RawOrder } from "./schemas.ts";

const good: RawOrder = {
  id: "order-1",
  when: "2030-01-01T00:00:00Z",
  lines: [{ item: "tea", count: 2 }],
};
const bad = { ...good, id: "", lines: [...good.lines, { item: "cake", count: "two" }] };

interface Order {
  readonly id: string;
  readonly when: Date;
  readonly note: string;
}

const libraries = [
  ["zod", zodOrder, zodName],
  ["valibot", valibotOrder, valibotName],
] as const;

describe.each(libraries)("an input schema of %s", (library, orderSchema, nameSchema) => {
  const runs: unknown[] = [];
  const place = fn(
    `${library}/place`,
    { input: orderSchema, retry: { maxAttempts: 5 } },
    (_, order: Order) => {
      runs.push(order);
      return { year: order.when.getUTCFullYear(), note: order.note };
    },
  );
  const register = fn(`${library}/register`, { input: nameSchema }, (_, name: string) => name);
  const count = fn(`${library}/count`, (_, n: number) => n);
  const placeSome = fn(`${library}/place-some`, (ctx, n: number) =>
    ctx.invoke(place, { ...good, lines: [{ item: "tea", count: ctx.invoke(count, n) }] }),
  );
  let engine: Embedded;

  beforeEach(async () => {
    runs.length = 0;
    engine = await embedded({
      functions: [place, register, placeSome, count],
      store: memory(),
    });
  });
  afterEach(() => engine.close());

  const refusal = async (call: Promise<unknown>): Promise<HandbackError> => {
    const error: unknown = await call.catch((reason: unknown) => reason);
    if (!HandbackError.is(error, "INVALID_INPUT")) throw new Error("expected INVALID_INPUT");
    return error;
  };

  test("gives the handler the value that the schema makes", async () => {
    expect(await engine.client.call(place, good)).toEqual({ year: 2030, note: "none" });
    expect(runs).toEqual([{ ...good, when: new Date("2030-01-01T00:00:00Z"), note: "none" }]);
  });

  test("rejects a wrong input with the path and the reason of each issue", async () => {
    const error = await refusal(engine.client.call(place, bad as never));
    expect(error.details).toEqual({
      function: `${library}/place`,
      issues: [expect.stringMatching(/^id: ./), expect.stringMatching(/^lines\.1\.count: ./)],
    });
    expect(error.message).toContain(`${library}/place`);
    expect(error.retryable).toBe(false);
  });

  test("keeps the handler from running, and is not retried", async () => {
    await refusal(engine.client.call(place, bad as never));
    expect([runs, engine.meter.function(place.type).runs]).toEqual([[], 1]);
  });

  test("checks an input once the futures in it have resolved", async () => {
    expect(await engine.client.call(placeSome, 3)).toMatchObject({ year: 2030 });
    const error = await refusal(engine.client.call(placeSome, -3));
    expect(error.details["issues"]).toEqual([expect.stringMatching(/^lines\.0\.count: ./)]);
  });

  test("may check asynchronously", async () => {
    expect(await engine.client.call(register, "ada")).toBe("ada");
    const error = await refusal(engine.client.call(register, "taken"));
    expect(error.details["issues"]).toEqual(["the name is taken"]);
  });

  test("lets a start succeed, and fails the flow", async () => {
    const flow = await engine.client.start(place, bad as never, { key: "wrong" });
    await refusal(flow.result());
    expect(await flow.status()).toMatchObject({
      status: "failed",
      failure: { code: "INVALID_INPUT" },
    });
  });

  test("is a 400 over HTTP, with the path and the reason of each issue", async () => {
    const app = asyncHttp(engine.client, { functions: [place] });
    const answer = await app.request(`/functions/${library}/place?wait=10`, {
      method: "POST",
      body: JSON.stringify(bad),
      headers: { "content-type": "application/json" },
    });
    expect([answer.status, await answer.json()]).toMatchObject([
      400,
      { code: "INVALID_INPUT", issues: [{ path: "id" }, { path: "lines.1.count" }] },
    ]);
    expect(engine.meter.function(place.type).runs).toBe(0);
  });
});

describe("an input schema", () => {
  test("may make a value that cannot be stored", async () => {
    const host = fn(
      "zod/host",
      { input: z.string().transform((text) => new URL(text)) },
      (_, url) => url.host,
    );
    const engine = await embedded({ functions: [host], store: memory() });
    expect(await engine.client.call(host, "https://example.org/a")).toBe("example.org");
    await engine.close();
  });

  test("that throws fails the call as a throwing handler does", async () => {
    const schema = z.string().transform((): string => {
      throw new RangeError("out of luck");
    });
    const unlucky = fn("zod/unlucky", { input: schema }, (_, text) => text);
    const engine = await embedded({ functions: [unlucky], store: memory() });
    const error: unknown = await engine.client.call(unlucky, "a").catch((e: unknown) => e);
    expect(HandbackError.is(error, "FUNCTION_FAILED") && error.failure).toMatchObject({
      name: "RangeError",
      message: "out of luck",
    });
    await engine.close();
  });

  test("checks an event that is passed to its function", async () => {
    const approve = fn("zod/approve", { input: z.boolean() }, (_, yes) => (yes ? "go" : "stop"));
    const ask = fn("zod/ask", (ctx) => ctx.invoke(approve, ctx.event<boolean>("decision")));
    const engine = await embedded({ functions: [ask, approve], store: memory() });
    const flow = await engine.client.start(ask, undefined, { key: "asked" });
    await engine.client.signal(flow.id, "decision", "yes");
    await expect(flow.result()).rejects.toMatchObject({ code: "INVALID_INPUT" });
    await engine.close();
  });

  const returning = (returned: unknown): StandardSchemaV1<unknown, unknown> => ({
    "~standard": { version: 1, vendor: "test", validate: () => returned as { value: unknown } },
  });

  test.each([[undefined], [null], [5], ["text"], [{}], [{ issues: "many" }], [[]]])(
    "that returns %j has no result, which is an error of the function, not of its input",
    async (returned) => {
      const odd = fn("odd/schema", { input: returning(returned) }, (_, got) => got);
      const engine = await embedded({ functions: [odd], store: memory() });
      await expect(engine.client.call(odd, 1)).rejects.toMatchObject({ code: "INVALID_OPTIONS" });
      await engine.close();
    },
  );

  test("that finds very many issues has the first of them in its error, and their number", async () => {
    const issues = Array.from({ length: 1000 }, (_, at) => ({
      message: "m".repeat(1000),
      path: ["items", { key: at }, Symbol("s")],
    }));
    const many = fn("odd/many", { input: returning({ issues }) }, (_, got) => got);
    const engine = await embedded({ functions: [many], store: memory() });
    const error: unknown = await engine.client.call(many, 1).catch((e: unknown) => e);
    const listed = HandbackError.is(error, "INVALID_INPUT") ? error.details["issues"] : [];
    expect(listed).toHaveLength(51);
    expect(listed).toMatchObject({
      1: expect.stringMatching(/^items\.1\.Symbol\(s\): m+…$/),
      50: "950 more",
    });
    await engine.close();
  });
});
