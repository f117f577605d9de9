import { runInNewContext, runInThisContext } from "node:vm";
import fc from "fast-check";
import { HandbackError } from "handback";
import { expect, test } from "vitest";
import { toError, toFailure } from "../../src/futures/types/failure.ts";
import { HOSTILE, hostileValue } from "../support/hostile.ts";

/** Values that carry much: text, data, parts and causes. */
const rich = fc.letrec((tie) => ({
  thrown: fc.oneof(
    { maxDepth: 4 },
    fc.anything({ withDate: true, withMap: true, withBigInt: true, withNullPrototype: true }),
    fc
      .record({
        message: fc.oneof(
          fc.string(),
          fc.nat(20_000).map((size) => "m".repeat(size)),
        ),
        own: fc.dictionary(fc.string(), fc.anything(), { maxKeys: 5 }),
        cause: tie("thrown"),
        errors: fc.array(tie("thrown"), { maxLength: 5 }),
        many: fc.nat(80),
      })
      .map(({ message, own, cause, errors, many }) =>
        Object.assign(
          new AggregateError(
            [...errors, ...Array.from({ length: many }, (_, at) => new Error(`part ${at}`))],
            message,
            { cause },
          ),
          own,
        ),
      ),
  ),
})).thrown;

test("any thrown value becomes bounded JSON, which stays the same when it is thrown again", () => {
  const anything = fc.oneof(
    hostileValue(),
    rich.map((value) => ({ name: "rich", make: () => value })),
  );
  fc.assert(
    fc.property(anything, fc.boolean(), ({ make }, isPart) => {
      const thrown = make();
      const failure = toFailure(isPart ? { message: "outer", cause: thrown } : thrown, "a/b");
      const text = JSON.stringify(failure);
      expect(text.length).toBeLessThan(400_000);
      expect(JSON.parse(text)).toStrictEqual(failure);
      expect(toFailure(failure)).toStrictEqual(failure);
      expect(toFailure(toError(failure), "c/d")).toStrictEqual(failure);
    }),
  );
});

test.each(HOSTILE)("$name is described", ({ make }) => {
  const { name, message, function: where } = toFailure(make(), "a/b");
  expect([typeof name, typeof message, where]).toEqual(["string", "string", "a/b"]);
  expect(HandbackError.is(make(), "STORE_FAILED")).toBe(false);
});

test("an error's own properties that are plain data are kept, also hidden ones", () => {
  const error = Object.assign(new Error("unavailable"), {
    code: 14,
    status: 503,
    details: { retry: true },
    data: [1, new Date(0), 5n, NaN],
    response: { status: 503, headers: new Headers(), request: () => 1, inner: new RangeError("r") },
    _private: "left out",
    run: () => 1,
  });
  Object.defineProperty(error, "issues", { value: [{ path: ["a"], message: "wrong" }] });
  const { stack: _, ...failure } = toFailure(error);
  expect(failure).toEqual({
    name: "Error",
    message: "unavailable",
    code: "14",
    data: {
      code: 14,
      status: 503,
      details: { retry: true },
      data: [1, "1970-01-01T00:00:00.000Z", "5", "NaN"],
      response: { status: 503, inner: { name: "RangeError", message: "r" } },
      issues: [{ path: ["a"], message: "wrong" }],
    },
  });
  expect(toError(failure).cause).toMatchObject({ code: 14, status: 503, details: { retry: true } });
});

test.each([40, 64, 65, 100_000])("of %i parts, all are kept or the others are counted", (count) => {
  const parts = Array.from({ length: count }, (_, at) => new Error(`part ${at}`));
  const { errors = [], omittedErrors = 0 } = toFailure(new AggregateError(parts, "all failed"));
  expect(errors.length).toBe(Math.min(count, 64));
  expect(errors.length + omittedErrors).toBe(count);
});

test("parts that another failure already left out stay counted", () => {
  const parts = Array.from({ length: 100 }, (_, at) => new Error(`part ${at}`));
  const failure = toFailure(new AggregateError(parts, "all failed"));
  expect(toFailure(new Error("outer", { cause: toError(failure) })).cause).toMatchObject({
    omittedErrors: 37,
  });
});

test("an error of another realm is described like one of this realm", () => {
  const code = "Object.assign(new AggregateError([new RangeError('r')], 'a'), { status: 503 })";
  const [far, near] = [runInNewContext(code), runInThisContext(code)].map((error) => {
    const { stack: _, errors: __, ...failure } = toFailure(error);
    return [failure, toFailure(error).errors?.map(({ name, message }) => [name, message])];
  });
  expect(far).toEqual(near);
});

test.each<readonly [string, unknown, object]>([
  ["a code that is an object", Object.assign(new Error("a"), { code: { id: 7 } }), { id: 7 }],
  ["a code that is a boolean", Object.assign(new Error("a"), { code: false }), Object(false)],
  ["a code that is a bigint", Object.assign(new Error("a"), { code: 7n }), Object("7")],
  ["the number of a DOMException", new DOMException("a", "QuotaExceededError"), Object(22)],
])("%s is kept as it is", (_, thrown, code) => {
  const failure = toFailure(thrown, "a/b");
  expect(failure.data).toEqual({ code: code.valueOf() });
  expect(toError(failure).cause).toMatchObject({ code: code.valueOf() });
});

test("errors by name are data, and a list of errors is parts", () => {
  const errors = { email: { message: "is missing", kind: "required" } };
  const failure = toFailure(Object.assign(new Error("invalid"), { errors }));
  expect(failure).toMatchObject({ data: { errors } });
  expect(failure.errors).toBe(undefined);
  expect(toError(failure).cause).toMatchObject({ errors });
  expect(toFailure({ errors: [new Error("a")] })).toMatchObject({ errors: [{ message: "a" }] });
});

test.each<readonly [string, string]>([
  ["({ message: { en: 'no' } })", '{"message":{"en":"no"}}'],
  ["({ code: 'E_FULL' })", '{"code":"E_FULL"}'],
  ["({ code: 'E_FULL', _password: 'p', stack: 'at a' })", '{"code":"E_FULL"}'],
  ["({})", "{}"],
  ["[]", "[]"],
  ["({ _password: 'p' })", "an object that cannot be shown"],
  ["({ stack: 'at a' })", "an object that cannot be shown"],
  ["({ run: () => 1 })", "an object that cannot be shown"],
  ["(() => { const loop = {}; return (loop.loop = loop); })()", "an object that cannot be shown"],
  ["new (class Thing { code = 'E_FULL'; })()", "an object that cannot be shown"],
])("without a text, %s is shown by its plain data", (code, shown) => {
  expect(toFailure(runInThisContext(code)).message).toBe(`thrown: ${shown}`);
});

test("data that exceeds its bound is left out, and the rest is kept", () => {
  const error = Object.assign(new Error("e"), {
    status: 503,
    body: Array.from({ length: 50_000 }, (_, at) => `line ${at}`),
    after: "x".repeat(3000),
  });
  const { data } = toFailure(error);
  expect(data).toMatchObject({ status: 503 });
  expect(JSON.stringify(data).length).toBeLessThan(20_000);
});
