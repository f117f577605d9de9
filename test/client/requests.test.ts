import fc from "fast-check";
import { HandbackError } from "handback";
import { expect, test } from "vitest";
import { keyHeader } from "../../src/client/requests/idempotency-key.ts";
import { jsonText } from "../../src/client/requests/json-text.ts";
import { delayBefore } from "../../src/client/requests/persistence.ts";

test("every JSON value arrives as it was", () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: "grapheme" }), (value) => {
      const text = jsonText(value, "input");
      expect(text).toBe(Object.is(value, -0) ? "-0" : text);
      expect(JSON.parse(text)).toEqual(value);
    }),
  );
});

test("-0, members without a value, and prototypes that are absent are JSON", () => {
  expect(jsonText([-0], "input")).toBe("[-0]");
  expect(jsonText({ a: undefined, b: 1 }, "input")).toBe('{"b":1}');
  expect(jsonText(undefined, "input")).toBe("");
  const bare: object = Object.assign(Object.create(null) as object, { a: 1 });
  expect(jsonText(bare, "input")).toBe('{"a":1}');
  expect(jsonText(JSON.parse('{"__proto__":{"a":1}}'), "input")).toBe('{"__proto__":{"a":1}}');
});

const shared = { a: 1 };
test("a value that occurs twice is no cycle", () => {
  expect(jsonText([shared, shared], "input")).toBe('[{"a":1},{"a":1}]');
});

const cycle: { self?: unknown } = {};
cycle.self = cycle;
test.each<[string, unknown, string]>([
  ["NaN", Number.NaN, "input.a[0]"],
  ["Infinity", Number.POSITIVE_INFINITY, "input.a[0]"],
  ["a bigint", 5n, "input.a[0]"],
  ["a symbol", Symbol("s"), "input.a[0]"],
  ["a function", () => 1, "input.a[0]"],
  ["a gap", undefined, "input.a[0]"],
  ["a Date", new Date(0), "input.a[0]"],
  ["a Map", new Map(), "input.a[0]"],
  ["a Set", new Set(), "input.a[0]"],
  ["bytes", new Uint8Array(1), "input.a[0]"],
  ["an instance", new URL("http://localhost"), "input.a[0]"],
  ["an object with toJSON", { toJSON: () => 1 }, "input.a[0]"],
  ["a cycle", cycle, "input.a[0].self"],
])("JSON would change %s, so it is refused with its path", (_, value, path) => {
  expect(() => jsonText({ a: [value] }, "input")).toThrow(
    expect.objectContaining({ code: "UNSERIALIZABLE", details: { path } }),
  );
});

test("a value that is too deep is refused", () => {
  let deep: unknown = 1;
  for (let level = 0; level < 10_000; level++) deep = [deep];
  expect(() => jsonText(deep, "input")).toThrow(expect.objectContaining({ code: "TOO_DEEP" }));
});

test("two keys never give one header, and every header can be sent", () => {
  const key = fc.oneof(
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }),
    fc.string({ minLength: 1 }).map((text) => `UTF-8''${encodeURIComponent(text)}`),
  );
  fc.assert(
    fc.property(key, key, (a, b) => {
      fc.pre(a.trim() !== "" && b.trim() !== "");
      const [one, other] = [keyHeader(a), keyHeader(b)];
      expect(new Headers(one).get("idempotency-key")).toBe(one["idempotency-key"]);
      expect(one["idempotency-key"] === other["idempotency-key"]).toBe(a === b);
    }),
  );
  for (const wrong of ["", " ", 5, null, "\ud800"])
    expect(() => keyHeader(wrong)).toThrow(HandbackError);
});

test("delays double up to a limit, are spread, and heed the server", () => {
  expect([1, 2, 3, 7, 100].map((attempt) => delayBefore(attempt, 1))).toEqual([
    100, 200, 400, 5_000, 5_000,
  ]);
  expect(delayBefore(1, 0)).toBe(50);
  expect(delayBefore(1, 1, 2_000)).toBe(2_000);
});
