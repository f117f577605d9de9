import { HandbackError, fn, memory, stateful, value } from "handback";
import { describe, expect, test } from "vitest";
import {
  assertRejects,
  assertThrows,
  assertUnharmed,
  echo,
  newGate,
  openEngine,
  wrong,
} from "./open-engine.ts";
import { VirtualClock } from "../../src/testing/simulation/machine/virtual-clock.ts";

const counter = stateful("names/counter", {
  state: { count: value(0) },
  handlers: { add: (ctx, n: number) => (ctx.state.count += n) },
  queries: { read: (ctx) => ctx.state.count },
});

const PLAIN_NAMES = ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf"];

describe("a function's type", () => {
  test.each(["", "/", "a/", "/a", "nothing"])(
    "%j is rejected at the definition of the function",
    (type) => {
      assertThrows(() => fn(type, () => 1), "INVALID_NAME");
      assertThrows(() => stateful(type, { state: {}, handlers: { go: () => 1 } }), "INVALID_NAME");
    },
  );

  test.each([
    "a/b/c",
    "a/b\\c",
    "a/b#c",
    "a/b?c",
    "a/b\0c",
    "a/b\u0007c",
    "a/b\nc",
    "a/@b",
    "@a/b",
    "_sys/join",
  ])("%j, made of the separators of addresses and paths, is rejected", (type) => {
    assertThrows(() => fn(type, () => 1), "INVALID_NAME");
  });

  test.each([".", ".."])(
    "with %j as a part is rejected, and so is one of more than 200 bytes",
    (part) => {
      assertThrows(() => fn(`a/${part}`, () => 1), "INVALID_NAME");
      assertThrows(() => fn(`${part}/a`, () => 1), "INVALID_NAME");
      assertThrows(() => fn(`a/${"é".repeat(100)}`, () => 1), "INVALID_NAME");
    },
  );

  test.each(["a/\ud800", "a/e\u0301"])(
    "%j, which UTF-8 or normalization would change, is rejected",
    (type) => {
      assertThrows(() => fn(type, () => 1), "INVALID_NAME");
    },
  );

  test.each([undefined, null, 5, {}, []])("must be a string, not %o", (type) => {
    assertThrows(() => fn(wrong(type), () => 1), "INVALID_NAME");
  });

  test.each(PLAIN_NAMES)("may have %s as a part, like any other name", async (name) => {
    const plain = fn(`${name}/${name}`, (_, n: number) => n + 1);
    const world = await openEngine([plain]);
    expect(await world.client.call(plain, 1)).toBe(2);
    expect(world.engine.meter.function(plain.type).runs).toBe(1);
    await assertUnharmed(world);
  });

  test("can be registered once: a second function of that name is rejected, and the store stays free for the first", async () => {
    const store = memory();
    const first = fn("names/same", () => "first");
    const second = fn("names/same", () => "second");
    await assertRejects(openEngine([first, second], { store }), "DUPLICATE_FUNCTION");
    await assertRejects(
      openEngine([first, fn("names/other", { aliases: ["names/same"] }, () => 1)], { store }),
      "DUPLICATE_FUNCTION",
    );
    const world = await openEngine([first, first], { store });
    expect(await world.client.call(second)).toBe("first");
  });

  test("brings its parts, and their parts, to the engine that hosts it", async () => {
    const sum = fn("names/sum", { parts: [counter] }, (ctx, n: number) =>
      ctx.invoke(counter.add, n, { id: "sum" }),
    );
    const twice = stateful("names/twice", {
      state: {},
      parts: [sum, counter.read],
      handlers: { go: (ctx, n: number) => ctx.invoke(sum, ctx.invoke(sum, n)) },
    });
    const world = await openEngine([twice.go]);
    expect(await world.client.call(twice.go, 1, { id: "a" })).toBe(2);
    await assertUnharmed(world);
  });

  test.each([null, undefined, 5, "names/counter", {}, () => 1, Promise.resolve()])(
    "an engine does not host %o",
    async (face) => {
      await assertRejects(openEngine([wrong(face)]), "INVALID_OPTIONS");
    },
  );
});

describe("a handler", () => {
  test.each([
    ["nothing", undefined],
    ["null", null],
    ["an object", {}],
    ["a string", "() => 1"],
    ["a class", class Handler extends Error {}],
    ["a generator", function* generate() {}],
    ["an async generator", async function* generate() {}],
  ])("must be a plain or async function, not %s", (_, handler) => {
    assertThrows(() => fn("names/bad", {}, wrong(handler)), "INVALID_HANDLER");
    assertThrows(
      () => stateful("names/bad", { state: {}, handlers: { go: wrong(handler) } }),
      "INVALID_HANDLER",
    );
  });

  test.each([
    ["of fn", () => fn("names/bad", wrong({ retries: 3 }), () => 1)],
    ["of fn: not an object", () => fn("names/bad", wrong(null), () => 1)],
    ["retry", () => fn("names/bad", { retry: wrong(null) }, () => 1)],
    ["retry.maxAttempts", () => fn("names/bad", { retry: { maxAttempts: 0 } }, () => 1)],
    ["retry.times", () => fn("names/bad", { retry: wrong({ maxAttempts: 1, times: 2 }) }, () => 1)],
    ["aliases", () => fn("names/bad", { aliases: wrong("names/old") }, () => 1)],
    ["input", () => fn("names/bad", { input: wrong({}) }, () => 1)],
    ["of stateful", () => stateful("names/bad", wrong(null))],
    ["handlers", () => stateful("names/bad", wrong({ state: {} }))],
    ["no handlers", () => stateful("names/bad", { state: {}, handlers: {} })],
    ["state", () => stateful("names/bad", wrong({ handlers: { go: () => 1 } }))],
    [
      "a value",
      () => stateful("names/bad", { state: { count: wrong(0) }, handlers: { go: () => 1 } }),
    ],
    [
      "schema",
      () => stateful("names/bad", { state: {}, schema: wrong(5), handlers: { go: () => 1 } }),
    ],
    [
      "migrate",
      () => stateful("names/bad", { state: {}, migrate: wrong(5), handlers: { go: () => 1 } }),
    ],
    ["version", () => stateful("names/bad", { state: {}, version: 0, handlers: { go: () => 1 } })],
    ["of value", () => value(0, wrong({ expires: "1h" }))],
    ["parts", () => fn("names/bad", { parts: wrong(5) }, () => 1)],
    [
      "a part",
      () =>
        stateful("names/bad", { state: {}, parts: [echo, wrong({})], handlers: { go: () => 1 } }),
    ],
    ["both expiries of value", () => value(0, { expireAfterCall: "1h", expireAfterWrite: "1h" })],
  ])("rejects options that are unknown or of the wrong kind: %s", (_, define) => {
    assertThrows(define, "INVALID_OPTIONS");
  });
});

describe("the name of a value or operation", () => {
  test.each(["", "a/b", "@life", "\n", "e\u0301", "n".repeat(201)])("%j is rejected", (name) => {
    assertThrows(
      () => stateful("names/bad", { state: { [name]: value(0) }, handlers: { go: () => 1 } }),
      "INVALID_NAME",
    );
    assertThrows(
      () => stateful("names/bad", { state: {}, handlers: { [name]: () => 1 } }),
      "INVALID_NAME",
    );
  });

  test.each(PLAIN_NAMES)("may be %s, and stores data like any other", async (name) => {
    const odd = stateful("names/odd", {
      state: { [name]: value(0) },
      handlers: {
        add: (ctx, n: number) => (ctx.state[name] = (ctx.state[name] ?? 0) + n),
        [`${name}2`]: () => name,
      },
    });
    const world = await openEngine([odd]);
    expect(await world.client.call(odd.add, 2, { id: "a" })).toBe(2);
    expect(await world.client.call(odd.add, 3, { id: "a" })).toBe(5);
    expect(Object.entries(await world.client.readState(odd, "a"))).toEqual([[name, 5]]);
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
    await assertUnharmed(world);
  });

  test("of an operation may be that of one query only, and is never type", () => {
    assertThrows(
      () =>
        stateful(
          "names/bad",
          wrong({ state: {}, handlers: { go: () => 1 }, queries: { go: () => 1 } }),
        ),
      "INVALID_NAME",
    );
    assertThrows(
      () => stateful("names/bad", wrong({ state: {}, handlers: { type: () => 1 } })),
      "INVALID_NAME",
    );
  });
});

describe("the id of a state", () => {
  test.each(["", undefined, null, 0, {}, ["a"].values(), "k".repeat(1025), "a\0b", "\ud800"])(
    "is rejected if it is %o, by every method that takes one, and nothing starts",
    async (id) => {
      const bad = wrong(id);
      const inside = fn("names/inside", (ctx, how: string): unknown => {
        if (how === "invoke") return ctx.invoke(counter.add, 1, { id: bad });
        ctx.send(
          counter.add,
          1,
          how === "send" ? { id: bad } : { id: "a", replyTo: { function: counter.add, id: bad } },
        );
        return how;
      });
      const world = await openEngine([counter, inside]);
      await assertRejects(world.client.start(counter.add, 1, { id: bad }), "INVALID_KEY");
      await assertRejects(world.client.readState(counter, bad), "INVALID_KEY");
      for (const how of ["invoke", "send", "replyTo"])
        await assertRejects(world.client.call(inside, how), "INVALID_KEY");
      expect(world.engine.meter.function(counter.type).runs).toBe(0);
      await assertUnharmed(world);
    },
  );

  test("is never coerced: the number 0 is rejected, and the state of the string is unaffected", async () => {
    const { client } = await openEngine([counter]);
    await client.call(counter.add, 1, { id: "0" });
    await assertRejects(client.call(counter.add, 1, { id: wrong(0) }), "INVALID_KEY");
    expect(await client.readState(counter, "0")).toEqual({ count: 1 });
  });

  test.each([
    "a/b",
    "%2F",
    "a b",
    " ",
    "🙂",
    "__proto__",
    "constructor",
    "..",
    "\n",
    "e\u0301",
    "k".repeat(1024),
  ])("may be %j, and names one state", async (id) => {
    const world = await openEngine([counter]);
    const handle = await world.client.start(counter.add, 2, { id });
    expect([handle.stateId, await handle.result()]).toEqual([id, 2]);
    expect(await world.client.call(counter.add, 1, { id: `${id.slice(0, 1000)}'` })).toBe(1);
    expect(await world.client.call(counter.read, undefined, { id })).toBe(2);
    expect(await world.client.readState(counter, id)).toEqual({ count: 2 });
    await assertUnharmed(world);
  });

  test("in the format of a generated id is NOT_FOUND if none exists, and creates no state", async () => {
    const id = `@${"0".repeat(40)}`;
    const world = await openEngine([counter]);
    await assertRejects(world.client.call(counter.add, 1, { id }), "NOT_FOUND");
    await assertRejects(world.client.readState(counter, id), "NOT_FOUND");
    await assertUnharmed(world);
  });
});

describe("the key of a flow", () => {
  test.each(["", " ", "\t\n", "k".repeat(257), undefined, null, 0, {}, "\0"])(
    "is rejected if it is %o, and never treated as absent",
    async (key) => {
      const world = await openEngine([counter]);
      await assertRejects(
        world.client.start(echo, 1, { key: wrong(key) }),
        "INVALID_IDEMPOTENCY_KEY",
      );
      await assertRejects(
        world.client.start(counter.add, 1, { id: "a", key: wrong(key) }),
        "INVALID_IDEMPOTENCY_KEY",
      );
      expect(world.engine.meter.function(echo.type).runs).toBe(0);
      expect(world.store.count().state).toBe(0);
      await assertUnharmed(world);
    },
  );

  test("with another function, input or state is a conflict, and the first flow is unaffected", async () => {
    const gate = newGate();
    const slow = fn("names/slow", async (_, n: number) => {
      await gate.opened;
      return n;
    });
    const world = await openEngine([slow, counter]);
    const { client } = world;
    const first = await client.start(slow, 1, { key: "order-1" });
    await client.start(counter.add, 1, { id: "a", key: "order-2" });
    const conflicts = [
      client.start(slow, 2, { key: "order-1" }),
      client.start(slow, 2, { id: "order-1" }),
      client.start(echo, 1, { key: "order-1" }),
      client.start(counter.add, 1, { id: "a", key: "order-1" }),
      client.start(counter.add, 1, { id: "b", key: "order-2" }),
    ];
    for (const conflict of conflicts) {
      const error = await assertRejects(conflict, "IDEMPOTENCY_CONFLICT");
      expect(error.details["flow"]).toMatch(/^order-[12]$/);
    }
    expect((await first.status()).status).toBe("pending");
    gate.open();
    expect(await first.result()).toBe(1);
    expect(world.engine.meter.function(slow.type).runs).toBe(1);
    expect(world.engine.meter.function(counter.type).runs).toBe(1);
    await assertUnharmed(world);
  });

  test("with the same function and input attaches to the flow, returns its result later, and starts a new one after its retention", async () => {
    const clock = new VirtualClock();
    let runs = 0;
    const slow = fn("names/slow", async () => {
      await clock.work(1000);
      return ++runs;
    });
    const world = await openEngine([slow], { clock, retention: "1h" });
    const { client } = world;
    const first = await client.start(slow, undefined, { key: "k" });
    const second = await client.start(slow, undefined, { key: "k" });
    expect(second.id).toBe(first.id);
    expect(await clock.until(Promise.all([first.result(), second.result()]))).toEqual([1, 1]);
    expect(await (await client.start(slow, undefined, { key: "k" })).result()).toBe(1);
    await clock.advance(3_600_000 + 60_000);
    await assertRejects(first.result(), "NOT_FOUND");
    expect(await clock.until(client.call(slow, undefined, { key: "k" }))).toBe(2);
    await assertUnharmed(world);
  });
});

describe("an unknown thing", () => {
  const handlers = { go: () => 1 };

  test.each([
    ["a function of no engine", fn("names/stranger", () => 1)],
    ["an operation of no engine", stateful("names/strange", { state: {}, handlers }).go],
    ["a stateful function without its operation", counter],
    ["a plain function", () => 1],
    ["a name", "names/counter"],
    ["nothing", undefined],
    ["null", null],
  ])("cannot be called: %s is UNKNOWN_FUNCTION before anything is acknowledged", async (_, f) => {
    const inside = fn("names/inside", (ctx, how: string): unknown => {
      if (how === "send") ctx.send(wrong(f));
      return how === "invoke" ? ctx.invoke(wrong(f)) : ctx.onComplete(ctx.resolved(1), wrong(f));
    });
    const world = await openEngine([counter, inside]);
    await assertRejects(world.client.start(wrong(f)), "UNKNOWN_FUNCTION");
    expect(world.store.count().state).toBe(0);
    for (const how of ["invoke", "onComplete"])
      await assertRejects(world.client.call(inside, how), "UNKNOWN_FUNCTION");
    // A message may go to a function by its name, and then needs the id of its state.
    const code = typeof f === "string" ? "INVALID_KEY" : "UNKNOWN_FUNCTION";
    await assertRejects(world.client.call(inside, "send"), code);
    await assertUnharmed(world);
  });

  test("is NOT_FOUND, and the request creates nothing: a flow, a state, a promise", async () => {
    const world = await openEngine([counter]);
    const { client } = world;
    await assertRejects(client.status("nobody"), "NOT_FOUND");
    await assertRejects(client.flow("nobody").result(), "NOT_FOUND");
    await assertRejects(client.signal("nobody", "event", 1), "NOT_FOUND");
    await assertRejects(world.engine.meter.flow("nobody"), "NOT_FOUND");
    await assertRejects(client.readState(counter, "nobody"), "NOT_FOUND");
    await assertRejects(client.settle(`${"0".repeat(40)}.${"0".repeat(48)}`, 1), "NOT_FOUND");
    await assertRejects(client.reject(`${"0".repeat(40)}.${"0".repeat(48)}`, "no"), "NOT_FOUND");
    expect(world.store.count().state).toBe(0);
    await assertUnharmed(world);
  });

  test.each([
    "",
    "x",
    "x.y",
    `${"0".repeat(40)}.`,
    `${"0".repeat(40)}.${"0".repeat(48)}.`,
    undefined,
    null,
    5,
    {},
  ])("with a malformed token is INVALID_ID: %o", async (token) => {
    const world = await openEngine([]);
    await assertRejects(world.client.settle(wrong(token), 1), "INVALID_ID");
    expect(world.store.count().state).toBe(0);
  });

  test.each(["", undefined, null, 5, {}])(
    "with a malformed flow id is INVALID_IDEMPOTENCY_KEY, because the id is the key: %o",
    async (flow) => {
      const { client, engine } = await openEngine([]);
      assertThrows(() => client.flow(wrong(flow)), "INVALID_IDEMPOTENCY_KEY");
      await assertRejects(client.status(wrong(flow)), "INVALID_IDEMPOTENCY_KEY");
      await assertRejects(client.signal(wrong(flow), "event"), "INVALID_IDEMPOTENCY_KEY");
      await assertRejects(engine.meter.flow(wrong(flow)), "INVALID_IDEMPOTENCY_KEY");
    },
  );

  test.each(["", " ", "x".repeat(257), undefined, null, 5])(
    "with a malformed key of the signal is INVALID_IDEMPOTENCY_KEY: %o",
    async (key) => {
      const { client } = await openEngine([]);
      const error: unknown = await client
        .signal("flow", "event", 1, { key: wrong(key) })
        .catch((reason: unknown) => reason);
      expect(HandbackError.is(error, "INVALID_IDEMPOTENCY_KEY")).toBe(true);
      expect(String(error)).toMatch(/key of the signal/);
    },
  );

  test.each([null, 5, "k", [], { ID: "a" }])(
    "among options is INVALID_OPTIONS: %o",
    async (options) => {
      const inside = fn("names/inside", (ctx, how: string): unknown => {
        if (how === "send") ctx.send(echo, 1, wrong(options));
        return how === "invoke"
          ? ctx.invoke(echo, 1, wrong(options))
          : ctx.wait([], wrong(options));
      });
      const world = await openEngine([inside]);
      await assertRejects(world.client.start(echo, 1, wrong(options)), "INVALID_OPTIONS");
      for (const how of ["invoke", "send", "wait"])
        await assertRejects(world.client.call(inside, how), "INVALID_OPTIONS");
      await assertUnharmed(world);
    },
  );
});
