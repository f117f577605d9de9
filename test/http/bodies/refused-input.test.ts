import { fn } from "handback";
import type { StandardSchemaV1 } from "handback";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { HOSTILE } from "../../support/hostile.ts";
import { openApp } from "../open-app.ts";

const Order = z.object({
  lines: z.array(z.object({ item: z.string(), count: z.number().int().positive() })),
  when: z.iso.date().transform((text) => new Date(text)),
});
const place = fn(
  "refused/place",
  { input: Order },
  (_, { lines, when }) => `${lines.length} lines for ${when.getUTCFullYear()}`,
);
const right = { lines: [{ item: "tea", count: 2 }], when: "2030-01-01" };
const wrong = {
  lines: [
    { item: "tea", count: 2 },
    { item: 5, count: -1 },
  ],
  when: "soon",
};
const key = { "idempotency-key": "order 5" };

describe("an input that the schema refuses", () => {
  test("is answered with 400 and the path of each problem, and leaves no flow behind", async () => {
    const { ask, store } = await openApp({ functions: [place] });
    const answer = await ask("POST", "/functions/refused/place?wait=5", { body: wrong });
    expect(answer).toMatchObject({ status: 400, body: { code: "INVALID_INPUT" } });
    const issues = answer.body["issues"] as readonly { path: string; message: string }[];
    expect(issues.map(({ path }) => path)).toEqual(["lines.1.item", "lines.1.count", "when"]);
    expect(issues[0]?.message).toMatch(/expected string/);
    expect([store.count().state, store.count().messages]).toEqual([0, 0]);
  });

  test("leaves its idempotency key free for a right one", async () => {
    const { ask } = await openApp({ functions: [place] });
    const path = "/functions/refused/place?wait=5";
    expect((await ask("POST", path, { body: wrong, headers: key })).status).toBe(400);
    const answer = await ask("POST", path, { body: right, headers: key });
    expect([answer.status, answer.body["output"]]).toEqual([200, "1 lines for 2030"]);
    // The key belongs to the right input now.
    expect((await ask("POST", path, { body: wrong, headers: key })).status).toBe(409);
  });

  test("is not refused if a former schema accepted it under the same key", async () => {
    let isStrict = false;
    const schema: StandardSchemaV1<number> = {
      "~standard": {
        version: 1,
        vendor: "test",
        validate: (value) =>
          isStrict ? { issues: [{ message: "too late" }] } : { value: Number(value) },
      },
    };
    const double = fn("refused/double", { input: schema }, (_, n) => 2 * n);
    const { ask } = await openApp({ functions: [double] });
    const path = "/functions/refused/double?wait=5";
    expect((await ask("POST", path, { body: 4, headers: key })).body["output"]).toBe(8);
    isStrict = true;
    expect((await ask("POST", path, { body: 4, headers: key })).body["output"]).toBe(8);
    const fresh = await ask("POST", path, { body: 4 });
    expect([fresh.status, fresh.body["issues"]]).toEqual([
      400,
      [{ path: "", message: "too late" }],
    ]);
  });

  test("is answered in a bounded size, however many problems it has", async () => {
    const { ask } = await openApp({ functions: [place] });
    const long = "x".repeat(100);
    const lines = Array.from({ length: 5_000 }, () => ({ item: 5, count: long }));
    const answer = await ask("POST", "/functions/refused/place", { body: { ...right, lines } });
    expect([answer.status, (answer.body["issues"] as unknown[]).length]).toEqual([400, 100]);
    expect(answer.text.length).toBeLessThan(100 * 600);
  });
});

test("is answered with 400, whatever the schema gives as its issues", async () => {
  let issues: readonly unknown[] = [];
  const validate = () => ({ issues: issues as readonly { message: string }[] });
  const input: StandardSchemaV1 = { "~standard": { version: 1, vendor: "test", validate } };
  const { ask } = await openApp({ functions: [fn("refused/any", { input }, () => 1)] });
  for (const { make } of HOSTILE) {
    issues = [make(), { message: make(), path: make() }, { message: "m", path: [make(), "a"] }];
    const { status, body } = await ask("POST", "/functions/refused/any?wait=5", { body: 1 });
    expect([status, (body["issues"] as unknown[]).length]).toEqual([400, 3]);
  }
});

test("a schema that never answers fails the flow at the time limit of the function", async () => {
  const validate = () => new Promise<never>(() => undefined);
  const input: StandardSchemaV1 = { "~standard": { version: 1, vendor: "test", validate } };
  const f = fn("refused/slow", { input, timeout: "1s" }, () => 1);
  const { ask } = await openApp({ functions: [f] });
  const { status, body } = await ask("POST", "/functions/refused/slow?wait=5", { body: 1 });
  expect([status, body["error"]]).toMatchObject([200, { code: "HANDLER_TIMEOUT" }]);
});

test.each<[string, StandardSchemaV1["~standard"]["validate"]]>([
  [
    "throws",
    () => {
      throw new Error("secret");
    },
  ],
  ["rejects", () => Promise.reject(new Error("secret"))],
  ["returns nothing", () => undefined as never],
])("a schema that %s fails the flow, as a call in the same process", async (_, validate) => {
  const input: StandardSchemaV1 = { "~standard": { version: 1, vendor: "test", validate } };
  const f = fn("refused/odd", { input }, () => 1);
  const { ask } = await openApp({ functions: [f] });
  const { status, body } = await ask("POST", "/functions/refused/odd?wait=5", { body: 1 });
  expect([status, body["status"]]).toEqual([200, "failed"]);
});
