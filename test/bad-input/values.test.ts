import { fn, FutureHandle, HandbackError, sqlite, stateful, value } from "handback";
import type { FlowHandle, StandardSchemaV1 } from "handback";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "vitest";
import { temporaryDirectory } from "../stores/support/temporary-directory.ts";
import {
  assertRejects,
  assertThrows,
  assertUnharmed,
  echo,
  newGate,
  openEngine,
  wrong,
} from "./open-engine.ts";
import type { World } from "./open-engine.ts";

/**
 * Stores one value of any kind, and returns it. `setAfterSend` sends first, to test that a
 * rejection takes the message back.
 */
const box = stateful("values/box", {
  state: { kept: value<unknown>("initial"), log: value<readonly unknown[]>([]) },
  handlers: {
    setIn(ctx, make: string) {
      ctx.send(echo, "leaves only with the state");
      ctx.state.log = [...ctx.state.log, make];
      ctx.state.kept = { items: [0, { bad: MAKERS[make]?.() }] };
    },
    put(ctx, kept: unknown) {
      ctx.state.kept = kept;
    },
    clear(ctx) {
      delete (ctx.state as Partial<typeof ctx.state>).kept;
      return ctx.state.kept;
    },
  },
  queries: { get: (ctx) => ctx.state.kept },
});

class Point {
  x = 1;
}

/**
 * Makers of values that cannot be stored, by name, because such values cannot be passed to a
 * handler either.
 */
const MAKERS: Readonly<Record<string, () => unknown>> = {
  "a function": () => () => 1,
  "a symbol": () => Symbol("s"),
  "a class instance": () => new Point(),
  "an Error": () => new Error("e"),
  "a RegExp": () => /a/,
  "a URL": () => new URL("https://example.org"),
  "a Buffer": () => Buffer.from("a"),
  "an ArrayBuffer": () => new ArrayBuffer(1),
  "a Float64Array": () => new Float64Array(1),
  "a WeakMap": () => new WeakMap(),
  "a boxed number": () => Object(5) as unknown,
  "an Invalid Date": () => new Date(Number.NaN),
  "a Date with a property": () => Object.assign(new Date(0), { zone: "UTC" }),
  "a Map that is extended": () => new (class extends Map {})(),
  "a sparse array": () => Array.from({ length: 2 }).fill(0, 1, 2) && [0, , 2], // oxlint-disable-line no-sparse-arrays
  "an array with a property": () => Object.assign([1], { note: "n" }),
  "a property named by a symbol": () => ({ [Symbol("s")]: 1 }),
  "a promise": () => Promise.resolve(1),
  "a thenable": () => ({ then: () => 1 }), // oxlint-disable-line unicorn/no-thenable
  "an object with toJSON": () => ({ toJSON: () => 1 }),
  "a getter that throws": () => ({
    get a(): never {
      throw new Error("no");
    },
  }),
  "a Proxy that throws": () =>
    new Proxy(
      {},
      {
        ownKeys() {
          throw new Error("no");
        },
      },
    ),
  "a revoked Proxy": () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  },
  "a getter that throws undefined": () => ({
    get a(): never {
      throw undefined as unknown;
    },
  }),
};

/** Checks that nothing was lost: prototypes, undefined properties, gaps, minus zero. */
function assertSame(got: unknown, kept: unknown): void {
  expect(got).toEqual(kept);
  expect(isDeepStrictEqual(got, kept), "strictly").toBe(true);
}

/** Uses a value as its input says. */
const use = fn("values/use", (ctx, { how, make }: { how: string; make: string }): unknown => {
  const bad = { items: [0, { bad: MAKERS[make]?.() }] };
  switch (how) {
    case "return":
      return bad;
    case "invoke":
      return ctx.invoke(echo, bad);
    case "args":
      return ctx.onComplete(
        ctx.resolved(1),
        fn("values/any", (_, input: { result: number; args: unknown }) => input),
        bad,
      );
    case "resolved":
      return ctx.resolved(bad);
    case "status":
      return ctx.setStatus(bad);
    case "egress":
      return ctx.egress("values/out", bad);
    default:
      ctx.send(echo, "leaves only with the rest");
      return ctx.send(echo, bad);
  }
});
const any = fn("values/any", (_, input: { result: number; args: unknown }) => input);

async function openValues(options: Parameters<typeof openEngine>[1] = {}): Promise<World> {
  return openEngine([box, use, any], { egress: { "values/out": () => undefined }, ...options });
}

describe.each(Object.keys(MAKERS))("%s", (make) => {
  test("is rejected by every method that takes a value, and the call has no effect", async () => {
    const world = await openValues();
    const { client, engine } = world;
    const input = await assertRejects(
      client.call(echo, { items: [0, { bad: MAKERS[make]?.() }] }),
      "UNSERIALIZABLE",
    );
    expect(input.details["path"]).toMatch(/^input\.items\[1\]\.bad/);
    for (const [how, root] of Object.entries({
      return: "result",
      invoke: "input",
      args: "args",
      resolved: "value",
      status: "status",
      egress: "egress",
      send: "input",
    })) {
      const error = await assertRejects(client.call(use, { how, make }), "UNSERIALIZABLE");
      expect(error.details["path"]).toMatch(new RegExp(`^${root}\\.items\\[1\\]\\.bad`));
    }
    expect(engine.meter.function(echo.type).runs).toBe(0);
    await assertUnharmed(world);
  });

  test("is rejected in state, and nothing is written or sent", async () => {
    const world = await openValues();
    const { client, engine } = world;
    await client.call(box.put, "before", { id: "a" });
    const error = await assertRejects(client.call(box.setIn, make, { id: "a" }), "UNSERIALIZABLE");
    expect(error.details["path"]).toMatch(/^state\.kept\.items\[1\]\.bad/);
    await assertRejects(client.call(box.setIn, make, { id: "b" }), "UNSERIALIZABLE");
    expect(await client.readState(box, "a")).toEqual({ kept: "before", log: [] });
    await assertRejects(client.readState(box, "b"), "NOT_FOUND");
    expect(engine.meter.function(echo.type).runs).toBe(0);
    await assertUnharmed(world);
  });
});

describe("a rejected value", () => {
  test("that threw when it was read is named, with the thrown value as the cause", async () => {
    const { client } = await openValues();
    const error = await assertRejects(
      client.call(echo, MAKERS["a getter that throws"]?.()),
      "UNSERIALIZABLE",
    );
    expect(error.cause).toMatchObject({ message: "no" });
    const inside = await assertRejects(
      client.call(use, { how: "return", make: "a getter that throws" }),
      "UNSERIALIZABLE",
    );
    expect(inside.failure).toMatchObject({ cause: { message: "no" }, function: "values/use" });
  });

  test("that is a promise gets a hint at the missing await", async () => {
    const { client } = await openValues();
    for (const make of ["a promise", "a thenable"]) {
      const error = await assertRejects(client.call(echo, [MAKERS[make]?.()]), "UNSERIALIZABLE");
      expect(error.message).toContain("did you forget await?");
    }
  });

  test("that contains itself gets the path of the cycle", async () => {
    const loop: { a: { b: unknown } } = { a: { b: 0 } };
    loop.a.b = loop.a;
    const { client } = await openValues();
    expect((await assertRejects(client.call(echo, loop), "UNSERIALIZABLE")).message).toContain(
      "cycle at input.a.b",
    );
  });

  test("with a toJSON method is rejected without calling it", async () => {
    let calls = 0;
    const { client } = await openValues();
    const hinted = await assertRejects(
      client.call(echo, { toJSON: () => ++calls }),
      "UNSERIALIZABLE",
    );
    expect([calls, hinted.message.includes("toJSON is never called")]).toEqual([0, true]);
  });

  test("among the initial values of a state is rejected at the definition", () => {
    const define = (): unknown =>
      stateful("values/bad", { state: { a: value(() => 1) }, handlers: { go: () => 1 } });
    expect(assertThrows(define, "UNSERIALIZABLE").details["path"]).toBe("state.a");
  });
});

describe("these values are unchanged after a call, in state and after a restart:", () => {
  const shared = Object.freeze({ a: 1 });
  test.each<readonly [string, unknown, unknown?]>([
    ["a string with any characters", 'line\u2028\u0000"\\ \ud800 🙂'],
    ["NaN", Number.NaN],
    ["Infinity", [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]],
    ["minus zero", -0],
    ["false, 0, the empty string and null", [false, 0, "", null]],
    ["undefined in a list", [undefined, 1]],
    ["a bigint", 2n ** 80n],
    ["an integer over 2^53, as the double that it is", 2 ** 53 + 2],
    ["a Date", new Date(1.5e12)],
    ["a Map", new Map<unknown, unknown>([[{ k: 1 }, new Set([1])]])],
    ["a Set", new Set(["a", new Date(0)])],
    ["a Uint8Array", new Uint8Array([0, 255])],
    ["an own key __proto__", JSON.parse('{"__proto__":{"x":1}}')],
    ["an own key constructor", { constructor: { prototype: { x: 1 } } }],
    ["data that looks like a tag", JSON.parse('{"$":["date","x"],"$$":1,"":2,"then":5}')],
    [
      "an object without prototype, as a plain one",
      Object.assign(Object.create(null), { a: 1 }),
      { a: 1 },
    ],
    ["a frozen object, as one that is not", shared, { a: 1 }],
    ["an object in two places, as two", [shared, shared], [{ a: 1 }, { a: 1 }]],
    ["an object without those properties that are undefined", { a: undefined, b: 1 }, { b: 1 }],
  ])("%s", async (_, sent, kept = sent) => {
    const world = await openValues({ store: sqlite(join(temporaryDirectory(), "values.db")) });
    const { client } = world;
    assertSame(await client.call(echo, sent), kept);
    await client.call(box.put, sent, { id: "a" });
    const handle = await client.start(echo, { sent }, { key: "k" });
    assertSame(await client.call(box.get, undefined, { id: "a" }), kept);
    assertSame(await handle.result(), { sent: kept });
    const again = await world.restart([box]);
    assertSame(await again.client.call(box.get, undefined, { id: "a" }), kept);
    assertSame((await again.client.readState(box, "a")).kept, kept);
    assertSame(await again.client.flow("k").result(), { sent: kept });
    expect(Reflect.get({}, "x")).toBeUndefined();
  });

  test("a handle, which is a FutureHandle again", async () => {
    const hand = fn("values/hand", (ctx) => ({ handle: ctx.promise().handle() }));
    const { client } = await openEngine([hand, box]);
    const { handle } = await client.call(hand);
    await client.call(box.put, [handle], { id: "a" });
    expect(await client.call(box.get, undefined, { id: "a" })).toStrictEqual([handle]);
    expect(handle).toBeInstanceOf(FutureHandle);
  });
});

describe("undefined", () => {
  test("is a valid result: the flow completes with it", async () => {
    const { client } = await openEngine([]);
    const handle = await client.start(echo, undefined);
    expect(await handle.result()).toBeUndefined();
    expect((await handle.status()).status).toBe("completed");
  });

  test("as a value of state means absent: it becomes the initial value again, and takes no space", async () => {
    const world = await openValues();
    const { client, store } = world;
    await client.call(box.put, "written", { id: "a" });
    const rows = store.count().state;
    await client.call(box.put, undefined, { id: "a" });
    await assertRejects(client.readState(box, "a"), "NOT_FOUND");
    expect(await client.call(box.get, undefined, { id: "a" })).toBe("initial");
    expect(await client.call(box.clear, undefined, { id: "a" })).toBe("initial");
    // Each call is its own flow with a stored record. The state itself is gone.
    expect(store.count().state).toBe(rows + 3 - 1);
  });
});

describe("a value that is too large", () => {
  const nest = (levels: number): unknown => {
    let nested: unknown = 0;
    for (let level = 0; level < levels; level++) nested = { n: nested };
    return nested;
  };
  const deep = stateful("values/deep", {
    state: { kept: value<unknown>(0), part: value<{ n?: unknown }>({}) },
    handlers: {
      set(ctx, levels: number) {
        ctx.state.kept = nest(levels);
      },
      setPart(ctx, levels: number) {
        ctx.state.part.n = nest(levels);
      },
      give: (_, levels: number) => nest(levels),
    },
  });

  test.each([201, 200_000])(
    "because it is nested %d levels is TOO_DEEP as input, result and state, and the state is unchanged",
    async (levels) => {
      const world = await openEngine([deep]);
      const { client } = world;
      await assertRejects(client.call(echo, nest(levels)), "TOO_DEEP");
      for (const operation of [deep.set, deep.setPart, deep.give])
        await assertRejects(client.call(operation, levels, { id: "a" }), "TOO_DEEP");
      await assertRejects(client.readState(deep, "a"), "NOT_FOUND");
      await client.call(deep.set, 200, { id: "a" });
      expect(await client.call(echo, nest(200))).toEqual(nest(200));
      await assertUnharmed(world);
    },
  );

  const big = stateful("values/big", {
    state: { kept: value("") },
    handlers: {
      set(ctx, size: number) {
        ctx.state.kept = "x".repeat(size);
      },
      give: { handler: (_: unknown, size: number) => "x".repeat(size) }.handler,
      send(ctx, size: number) {
        ctx.send(echo, "first");
        ctx.send(echo, "x".repeat(size));
      },
      join(ctx, size: number) {
        return [ctx.invoke(echo, "x".repeat(size)), ctx.invoke(echo, "x".repeat(size))];
      },
      splice(ctx, size: number) {
        return ctx.invoke(echo, {
          head: "x".repeat(size),
          tail: ctx.invoke(echo, "x".repeat(size)),
        });
      },
    },
  });

  test("for the payload limit is PAYLOAD_TOO_LARGE with its size: as input, result, message, state and joined value", async () => {
    const world = await openEngine([big], { payloadLimit: 1000 });
    const { client, engine } = world;
    const input = await assertRejects(client.call(echo, "x".repeat(1000)), "PAYLOAD_TOO_LARGE");
    expect(input.details).toMatchObject({ size: 1002, limit: 1000, path: "input" });
    for (const operation of [big.set, big.give, big.send]) {
      const error = await assertRejects(
        client.call(operation, 1000, { id: "a" }),
        "PAYLOAD_TOO_LARGE",
      );
      expect(error.details).toMatchObject({ size: 1002, limit: 1000 });
    }
    expect(engine.meter.function(echo.type).runs).toBe(0);
    for (const operation of [big.join, big.splice]) {
      const error = await assertRejects(
        client.call(operation, 600, { id: "a" }),
        "PAYLOAD_TOO_LARGE",
      );
      expect(error.details).toMatchObject({ limit: 1000 });
    }
    await assertRejects(client.readState(big, "a"), "NOT_FOUND");
    expect(await client.call(echo, "x".repeat(998))).toHaveLength(998);
    await assertUnharmed(world);
  });

  test("as a result fails the call for good, whatever the retry policy", async () => {
    let runs = 0;
    const chatty = fn("values/chatty", { retry: { maxAttempts: 5, initialDelay: 0 } }, () => {
      runs++;
      return "x".repeat(2000);
    });
    const world = await openEngine([chatty], { payloadLimit: 1000 });
    await assertRejects(world.client.call(chatty), "PAYLOAD_TOO_LARGE");
    expect(runs).toBe(1);
    await assertUnharmed(world);
  });

  test("for any string is rejected before its text is made: half a gigabyte takes no time", async () => {
    const world = await openEngine([big]);
    const size = 2 ** 29 - 24;
    const before = process.memoryUsage().rss;
    await assertRejects(world.client.call(echo, "x".repeat(size)), "PAYLOAD_TOO_LARGE");
    for (const operation of [big.set, big.give])
      await assertRejects(world.client.call(operation, size, { id: "a" }), "PAYLOAD_TOO_LARGE");
    expect(process.memoryUsage().rss - before).toBeLessThan(size / 2);
    await assertUnharmed(world);
  });
});

describe("later changes of a value by user code have no effect:", () => {
  test("inputs and messages are as they were at the call", async () => {
    const caller = fn("values/caller", (ctx) => {
      const item = { n: 1, at: new Date(0), more: new Map([["k", [1]]]) };
      const invoked = ctx.invoke(echo, item);
      ctx.send(box.put, item, { id: "sent" });
      item.n = 2;
      item.at.setTime(5);
      item.more.get("k")?.push(2);
      return invoked;
    });
    const { client } = await openEngine([caller, box]);
    const original = { n: 1, at: new Date(0), more: new Map([["k", [1]]]) };
    const started = { ...original, more: new Map([["k", [1]]]) };
    const handle = client.start(echo, started);
    started.n = 3;
    expect(await (await handle).result()).toEqual(original);
    expect(await client.call(caller)).toEqual(original);
    expect(await client.call(box.get, undefined, { id: "sent" })).toEqual(original);
  });

  test("state is as it was when its handler ended", async () => {
    const taken: {
      part?: { n: number; inner: { n: number } };
      input?: { n: number; inner: { n: number } };
    } = {};
    const keeper = stateful("values/keeper", {
      state: { kept: value({ n: 0, inner: { n: 0 } }), at: value(new Date(0)) },
      handlers: {
        set(ctx, input: { n: number; inner: { n: number } }) {
          taken.input = input;
          ctx.state.kept = input;
        },
        take(ctx) {
          ctx.state.kept.n++;
          taken.part = ctx.state.kept;
        },
      },
    });
    const { client } = await openEngine([keeper]);
    await client.call(keeper.set, { n: 1, inner: { n: 1 } }, { id: "a" });
    Object.assign(taken.input ?? {}, { n: 9 });
    await client.call(keeper.take, undefined, { id: "a" });
    Object.assign(taken.part ?? {}, { n: 9 });
    const read = await client.readState(keeper, "a");
    expect(read).toEqual({ kept: { n: 2, inner: { n: 1 } }, at: new Date(0) });
    read.kept.inner.n = 9;
    expect((await client.readState(keeper, "a")).kept.inner.n).toBe(1);
  });

  test("changes of values that a failed handler read from state change nothing", async () => {
    const taken: { list?: number[] } = {};
    const keeper = stateful("values/keeper", {
      state: { list: value<number[]>([1]) },
      handlers: {
        fail(ctx) {
          taken.list = ctx.state.list;
          ctx.state.list.push(2);
          throw new Error("no");
        },
      },
    });
    const { client } = await openEngine([keeper]);
    await assertRejects(client.call(keeper.fail, undefined, { id: "a" }), "FUNCTION_FAILED");
    taken.list?.push(3);
    await assertRejects(client.readState(keeper, "a"), "NOT_FOUND");
  });

  test("each address has its own copy of the initial value, even a Date or bytes that are changed in place", async () => {
    const clocks = stateful("values/clocks", {
      state: {
        at: value(new Date(0)),
        bytes: value(new Uint8Array(1)),
        list: value<{ n: number }[]>([{ n: 0 }]),
      },
      handlers: {
        change(ctx) {
          ctx.state.at.setTime(5);
          ctx.state.bytes[0] = 5;
          ctx.state.list[0] = { n: 5 };
        },
        changeAfterDelete(ctx) {
          delete (ctx.state as Partial<typeof ctx.state>).at;
          ctx.state.at.setTime(7);
        },
        touch: (ctx) => ctx.state.at.getTime(),
      },
    });
    const { client } = await openEngine([clocks]);
    await client.call(clocks.change, undefined, { id: "a" });
    const changed = { at: new Date(5), bytes: new Uint8Array([5]), list: [{ n: 5 }] };
    expect(await client.readState(clocks, "a")).toEqual(changed);
    expect(await client.call(clocks.touch, undefined, { id: "b" })).toBe(0);
    await assertRejects(client.readState(clocks, "b"), "NOT_FOUND");
    await client.call(clocks.changeAfterDelete, undefined, { id: "a" });
    expect(await client.readState(clocks, "a")).toEqual({ ...changed, at: new Date(7) });
    expect(await client.call(clocks.touch, undefined, { id: "b" })).toBe(0);
  });

  test("the values passed in are not frozen", async () => {
    const config = { retries: [1] };
    const keeper = stateful("values/keeper", {
      state: { kept: value<typeof config>({ retries: [] }) },
      handlers: {
        set(ctx) {
          ctx.state.kept = config;
        },
      },
    });
    const { client } = await openEngine([keeper]);
    await client.call(keeper.set, undefined, { id: "a" });
    config.retries.push(2);
    expect((await client.readState(keeper, "a")).kept).toEqual({ retries: [1] });
  });
});

describe("a query", () => {
  const writer = stateful("values/writer", {
    state: {
      n: value(0),
      list: value<number[]>([]),
      map: value(new Map<string, number>()),
      at: value(new Date(0)),
    },
    handlers: { set: (ctx, n: number) => (ctx.state.n = n) },
    queries: {
      assign: (ctx) => Object.assign(ctx.state, { n: 1 }),
      remove: (ctx) => Reflect.deleteProperty(ctx.state, "n"),
      define: (ctx) => Object.defineProperty(ctx.state, "n", { value: 1 }),
      push: (ctx) => wrong<number[]>(ctx.state.list).push(1),
      put: (ctx) => wrong<Map<string, number>>(ctx.state.map).set("a", 1).size,
      invoke: (ctx) => wrong<{ invoke: (f: unknown, n: number) => unknown }>(ctx).invoke(echo, 1),
      send: (ctx) => wrong<{ send: (f: unknown, n: number) => unknown }>(ctx).send(echo, 1),
      terminate: (ctx) => wrong<{ terminate: () => unknown }>(ctx).terminate(),
      date: (ctx) => wrong<Date>(ctx.state.at).setTime(5),
    },
  });

  test.each([
    "assign",
    "remove",
    "define",
    "push",
    "put",
    "date",
    "invoke",
    "send",
    "terminate",
  ] as const)(
    "that writes, starts or sends something (%s) is READ_ONLY, and changes nothing",
    async (operation) => {
      const world = await openEngine([writer]);
      await world.client.call(writer.set, 7, { id: "a" });
      await assertRejects(
        world.client.call(wrong<typeof writer.assign>(writer[operation]), undefined, { id: "a" }),
        "READ_ONLY",
      );
      expect(await world.client.readState(writer, "a")).toEqual({
        n: 7,
        list: [],
        map: new Map(),
        at: new Date(0),
      });
      expect(world.engine.meter.function(echo.type).runs).toBe(0);
      await assertUnharmed(world);
    },
  );
});

describe("a context that is used after its handler has ended", () => {
  test("is CONTEXT_CLOSED in all its methods, and the effect is not applied", async () => {
    const gate = newGate();
    const outcomes: unknown[] = [];
    const detached = stateful("values/detached", {
      state: { n: value(0), list: value<number[]>([]) },
      handlers: {
        go(ctx) {
          ctx.state.n = 1;
          const future = ctx.invoke(echo, 1);
          const { state } = ctx;
          const attempts: readonly (() => unknown)[] = [
            () => ctx.state.n,
            () => state.n,
            () => (state.n = 5),
            () => ctx.invoke(echo, 2),
            () => ctx.send(echo, 2),
            () => ctx.onComplete(future, echo),
            () => ctx.all([future]),
            () => future.handle(),
            () => ctx.sleep(1),
            () => ctx.promise(),
            () => ctx.event("e"),
            () => ctx.setStatus(1),
            () => ctx.reply(1),
            () => ctx.egress("values/out", 1),
            () => ctx.cancelSend("t"),
            () => ctx.expireAfter(1),
            () => ctx.terminate(),
            () => ctx.get(future),
            () => ctx.wait([future]),
            () => ctx.resolved(1),
            () => ctx.rejected(1),
          ];
          void gate.opened.then(async () => {
            for (const attempt of attempts) {
              try {
                outcomes.push(await attempt());
              } catch (error) {
                outcomes.push(HandbackError.is(error) ? error.code : error);
              }
            }
          });
        },
      },
    });
    const world = await openEngine([detached], { egress: { "values/out": () => undefined } });
    await world.client.call(detached.go, undefined, { id: "a" });
    gate.open();
    await expect.poll(() => outcomes.length).toBe(21);
    expect(outcomes).toEqual(Array.from({ length: 21 }, () => "CONTEXT_CLOSED"));
    expect(await world.client.readState(detached, "a")).toEqual({ n: 1, list: [] });
    await expect.poll(() => world.engine.meter.function(echo.type).runs).toBe(1);
    await assertUnharmed(world);
  });
});

describe("stored state that does not fit its schema", () => {
  const schemaOf = (
    fits: (state: { n?: unknown }) => boolean,
  ): StandardSchemaV1<unknown, { n?: unknown }> => ({
    "~standard": {
      version: 1,
      vendor: "test",
      validate: (state) =>
        fits(state as { n?: unknown })
          ? { value: state as { n?: unknown } }
          : { issues: [{ message: "expected text", path: ["n"] }] },
    },
  });
  const before = stateful("values/typed", {
    state: { n: value<unknown>("") },
    handlers: { set: (ctx, n: number) => void (ctx.state.n = n) },
  });
  let seen: unknown[] = [];
  const newTyped = (fits: (state: { n?: unknown }) => boolean) =>
    stateful("values/typed", {
      state: { n: value<unknown>("") },
      schema: schemaOf(fits),
      handlers: {
        set(ctx, n: number) {
          ctx.state.n = n;
        },
        append(ctx, n: number) {
          try {
            seen.push(ctx.state.n);
          } catch {
            // The message stays, whatever the handler does with it.
          }
          ctx.state.n = `${String(ctx.state.n)}${n}`;
        },
      },
    });

  test("parks its address with STATE_SCHEMA_MISMATCH: the messages stay, others run, and a fitting schema continues from there", async () => {
    seen = [];
    const store = sqlite(join(temporaryDirectory(), "typed.db"));
    const first = await openEngine([before], { store });
    await first.client.call(before.set, 5, { id: "a" });
    const strict = newTyped(({ n }) => typeof n === "string");
    const second = await first.restart([strict]);
    const parked: FlowHandle<unknown> = await second.client.start(strict.append, 6, {
      id: "a",
      key: "parked",
    });
    await second.client.start(strict.set, 7, { id: "a", key: "behind" });
    await expect
      .poll(() => second.said.join())
      .toContain("error values/typed[a] is parked: STATE_SCHEMA_MISMATCH");
    await second.client.call(strict.append, 1, { id: "b" });
    expect(await second.client.call(echo, "others run")).toBe("others run");
    expect((await parked.status()).status).toBe("pending");
    expect(second.store.count().messages).toBe(2);
    expect(second.said.at(-1)).toBe(
      "warn a message for values/typed[a] is parked: STATE_SCHEMA_MISMATCH",
    );
    expect(await second.client.waits("behind")).toMatchObject({
      nodes: [{}, { name: "values/typed.set", status: "parked: STATE_SCHEMA_MISMATCH" }],
    });
    const lenient = newTyped(() => true);
    const third = await second.restart([lenient]);
    await third.client.flow("parked").result();
    await third.client.flow("behind").result();
    expect(await third.client.readState(lenient, "a")).toEqual({ n: 7 });
    expect(seen).toEqual(["", 5]);
    await assertUnharmed(third);
  });

  test("cannot be faked: an error with that code from a handler fails its call, and parks nothing", async () => {
    const liar = fn("values/liar", () => {
      throw new HandbackError("STATE_SCHEMA_MISMATCH", "only said so");
    });
    const world = await openEngine([liar]);
    await assertRejects(world.client.call(liar), "STATE_SCHEMA_MISMATCH");
    await assertUnharmed(world);
  });
});
