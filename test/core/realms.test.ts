import { runInNewContext, runInThisContext } from "node:vm";
import fc from "fast-check";
import { embedded, fn, HandbackError, memory, stateful, value } from "handback";
import { asyncHttp } from "handback/http";
import { expect, test } from "vitest";
import { codec } from "../../src/futures/protocol/codec.ts";
import { wrong } from "../bad-input/open-engine.ts";
import { readFiles } from "../support/source.ts";

/** The classes of another realm, as of a test file under Jest. */
const far = wrong<typeof globalThis>(
  runInNewContext(
    "({ Object, Array, Map, Set, Date, Uint8Array, Error, AggregateError, RangeError, Promise, Function, RegExp })",
  ),
);

/** Makes the same value in the other realm. */
function toFar(near: unknown): unknown {
  if (typeof near !== "object" || near === null) return near;
  if (near instanceof Date) return new far.Date(near.getTime());
  if (near instanceof Uint8Array) return new far.Uint8Array(near);
  if (near instanceof Map)
    return new far.Map([...near].map(([key, item]) => [toFar(key), toFar(item)]));
  if (near instanceof Set) return new far.Set([...near].map(toFar));
  if (Array.isArray(near)) return far.Array.from(near, toFar);
  if (Object.getPrototypeOf(near) !== Object.prototype) return near;
  return Object.defineProperties(
    new far.Object(),
    Object.fromEntries(
      Object.entries(near).map(([key, item]) => [
        key,
        { value: toFar(item), writable: true, enumerable: true, configurable: true },
      ]),
    ),
  );
}

/** Values that the codec keeps, and some that it does not. */
const anyValue = fc.oneof(
  fc.anything({
    withDate: true,
    withMap: true,
    withSet: true,
    withTypedArray: true,
    withBigInt: true,
  }),
  fc.uint8Array().map((bytes) => new Uint8Array(bytes)),
);

function encoded(data: unknown): string {
  try {
    return codec.encode(data);
  } catch (error) {
    if (!HandbackError.is(error)) throw error;
    return `${error.code} ${JSON.stringify(error.details["path"])}`;
  }
}

test("a value of another realm is kept or refused like the same value of this realm", () => {
  fc.assert(
    fc.property(anyValue, (near) => {
      expect(encoded(toFar(near))).toBe(encoded(near));
    }),
  );
});

test.each([
  "new (class extends Map {})()",
  "new (class extends Date {})()",
  "new (class Thing {})()",
  "Object.create({})",
  "(() => { class Thing {} Object.setPrototypeOf(Thing.prototype, null); return new Thing(); })()",
  "Object.create(Object.create(null))",
  "Object.setPrototypeOf(new Date(), { getTime: () => 0 })",
  "Object.create(Map.prototype)",
  "Object.create({ constructor: function Object() {} })",
  "new Error('e')",
  "/a/",
  "Promise.resolve()",
  "new Float64Array(1)",
  "new String('a')",
])("an instance of another kind of another realm is refused: %s", (code) => {
  expect(encoded(runInNewContext(code))).toMatch(/^UNSERIALIZABLE/);
});

test("what is no plain data of another realm is refused with the same advice as of this realm", () => {
  for (const code of ["new Error('e')", "/a/", "Promise.resolve()", "new Float64Array(1)"]) {
    const adviceOf = (data: unknown): unknown => {
      try {
        return codec.encode(data);
      } catch (error) {
        return HandbackError.is(error) && error.message;
      }
    };
    expect(adviceOf(runInNewContext(code))).toBe(adviceOf(runInThisContext(code)));
  }
});

test("calls, states, options, promises and errors of another realm work like those of this realm", async () => {
  const thrown = (): never => {
    throw Object.assign(new far.AggregateError([new far.RangeError("part")], "far"), {
      status: 503,
    });
  };
  const keeper = stateful("realms/keeper", {
    state: { kept: value<unknown>() },
    retry: wrong(toFar({ maxAttempts: 1 })),
    handlers: {
      keep: (ctx, input: unknown) => (ctx.state.kept = toFar(input)),
      change(ctx) {
        ctx.state.kept = toFar({ list: new Map([["a", [1]]]) });
        const kept = wrong<{ list: Map<string, number[]> }>(ctx.state.kept);
        kept.list.get("a")?.push(2);
      },
      later: (_, input: unknown) => far.Promise.resolve(toFar(input)),
      wait: (ctx) => ctx.sleepUntil(new far.Date(ctx.now())),
      all: (ctx) => ctx.all(far.Array.of(ctx.resolved(1), ctx.resolved(toFar([2])))),
      thrown,
      rejected: () => far.Promise.reject(new far.RangeError("far")),
    },
  });
  const checked = fn(
    "realms/checked",
    {
      input: wrong({
        "~standard": {
          version: 1,
          vendor: "far",
          validate: (input: unknown) => far.Promise.resolve(toFar({ value: input })),
        },
      }),
    },
    (_, input: unknown) => input,
  );
  const engine = await embedded({
    functions: far.Array.of<object>(keeper, checked),
    store: memory(),
  });
  const { client } = engine;
  const at = wrong<{ id: string }>(toFar({ id: "a" }));
  const data = {
    when: new Date(5),
    seen: new Map([["a", new Set([1])]]),
    bytes: new Uint8Array(2),
  };
  for (const operation of [keeper.keep, keeper.later])
    expect(await client.call(operation, toFar(data), at)).toStrictEqual(data);
  expect(await client.readState(keeper, "a")).toStrictEqual({ kept: data });
  expect(await client.call(checked, wrong(toFar(data)))).toStrictEqual(data);
  await client.call(keeper.change, undefined, at);
  expect(await client.readState(keeper, "a")).toStrictEqual({
    kept: { list: new Map([["a", [1, 2]]]) },
  });
  await client.call(keeper.wait, undefined, at);
  expect(await client.call(keeper.all, undefined, at)).toStrictEqual([1, [2]]);
  const failures = await Promise.allSettled([
    client.call(keeper.thrown, undefined, at),
    client.call(keeper.rejected, undefined, at),
  ]);
  expect(failures).toMatchObject([
    {
      reason: {
        failure: {
          name: "AggregateError",
          errors: [{ name: "RangeError" }],
          data: { status: 503 },
        },
      },
    },
    { reason: { failure: { name: "RangeError", message: "far" } } },
  ]);
  await engine.close();
});

test("over HTTP, an output of another realm looks like one of this realm", async () => {
  const give = fn("realms/give", () => 1);
  const engine = await embedded({ functions: [give], store: memory() });
  const refusal = runInNewContext(
    "({ status: 418, headers: new Map(), clone() { return copy; } })",
    {
      copy: new Response(null, { status: 418 }),
    },
  ) as Response;
  const app = asyncHttp(engine.client, { functions: [give], authorize: () => wrong(refusal) });
  const url = "http://localhost/functions/realms/give";
  expect((await app.fetch(new Request(url, { method: "POST" }))).status).toBe(418);
  await engine.close();
});

test("no code in src compares with a built-in class of this realm", () => {
  const builtIn =
    /\binstanceof\s+(?:Object|Array|Function|Error|\w+Error|Date|Map|Set|Weak\w+|Promise|RegExp|URL|URLSearchParams|\w*Array|ArrayBuffer|DataView|Buffer|Request|Response|Headers|AbortSignal|Blob|File|ReadableStream)\b(?<!ProblemError|KafkaError|Command(?:er)?Error|InvalidArgumentError)/g;
  const found = [...readFiles("src", ".ts")].flatMap(([path, text]) =>
    [...text.matchAll(builtIn)].map(([use]) => `${path}: ${use}`),
  );
  expect(found).toEqual([]);
});
