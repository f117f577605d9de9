import { embedded, fn, HandbackError, memory, stateful, value } from "handback";
import type { Log, Store } from "handback";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { law } from "../support/law.ts";
import { inWorld } from "../support/world.ts";

const NAMES = ["law/a", "law/b", "law/c"] as const;
const IDS = ["1", "2", "3"];

/** Makes a log that keeps what it is warned of: hidden states by type. */
function hiddenLog(): { readonly log: Log; readonly hidden: Map<string, number> } {
  const hidden = new Map<string, number>();
  const nothing = (): void => undefined;
  const warn: Log["warn"] = (line, fields) => {
    if (line.includes("hidden"))
      hidden.set(JSON.stringify(fields?.["type"]), Number(fields?.["count"]));
  };
  return { log: { debug: nothing, info: nothing, warn, error: nothing }, hidden };
}

function counter(type: string, aliases: readonly string[] = []) {
  return stateful(type, {
    aliases,
    state: { n: value(0) },
    handlers: { add: (ctx, n: number) => (ctx.state.n += n) },
  });
}

const deploys = fc.array(
  fc
    .tuple(fc.constantFrom(...NAMES), fc.subarray([...NAMES]))
    .map(([name, aliases]) => ({ name, aliases: aliases.filter((alias) => alias !== name) }))
    .chain((named) => fc.record({ named: fc.constant(named), uses: fc.subarray(IDS) })),
  { minLength: 1, maxLength: 8 },
);

law(
  "states follow a function to its new name, and each start that hides states names their type and number",
  [deploys],
  async (each) => {
    const store = memory();
    const model = new Map<string, number>();
    const key = (type: string, id: string): string => `${type} ${id}`;
    for (const { named, uses } of each) {
      const { name, aliases } = named;
      for (const alias of aliases)
        for (const id of IDS) {
          const kept = model.get(key(alias, id));
          if (kept === undefined || model.has(key(name, id))) continue;
          model.delete(key(alias, id));
          model.set(key(name, id), kept);
        }
      const { log, hidden } = hiddenLog();
      const f = counter(name, aliases);
      const engine = await embedded({ functions: [f], store, log });
      const expected = new Map<string, number>();
      for (const type of NAMES) {
        const count = IDS.filter((id) => model.has(key(type, id))).length;
        if (type !== name && count > 0) expected.set(JSON.stringify(type), count);
      }
      expect(hidden).toEqual(expected);
      for (const id of uses) {
        const n = (model.get(key(name, id)) ?? 0) + 1;
        model.set(key(name, id), n);
        expect(await engine.client.call(f.add, 1, { id })).toBe(n);
      }
      await engine.close();
    }
  },
);

test("states of a function that no longer keeps state are named, too", async () => {
  const store = memory();
  const before = await embedded({ functions: [counter("law/a")], store });
  await before.client.call(counter("law/a").add, 1, { id: "1" });
  await before.close();
  const { log, hidden } = hiddenLog();
  const engine = await embedded({ functions: [fn("law/a", () => 1)], store, log });
  expect([...hidden]).toEqual([['"law/a"', 1]]);
  await engine.close();
});

/** A function that sends itself delayed messages by token. */
function reminding(type: string, aliases: readonly string[] = []) {
  const self = stateful(type, {
    aliases,
    state: { n: value(0) },
    handlers: {
      remind: (ctx, n: number): void =>
        ctx.send(self.add, n, { id: ctx.self.id, delay: "1h", token: "reminder" }),
      cancel: (ctx) => ctx.cancelSend("reminder"),
      add: (ctx, n: number) => (ctx.state.n += n),
      read: (ctx) => ctx.state.n,
    },
  });
  return self;
}

describe("a delayed message with a token, sent under a former name", () => {
  test.each([
    ["is canceled under the new name", "cancel", 0],
    ["is replaced under the new name", "remind", 1],
    ["arrives otherwise", undefined, 100],
  ] as const)("%s", (_, operation, n) =>
    inWorld(async (world) => {
      const at = { id: "1" };
      const former = reminding("law/box");
      const before = await world.start([former]);
      await before.call(former.remind, 100, at);
      const renamed = reminding("law/crate", ["law/box"]);
      const client = await world.start([renamed]);
      if (operation !== undefined) await client.call(renamed[operation], 1, at);
      await world.clock.advance(2 * 3_600_000);
      expect(await client.call(renamed.read, undefined, at)).toBe(n);
    }),
  );
});

test("a function answers to its former names: its state, its bill and calls of the old code", () =>
  inWorld(async (world) => {
    const former = counter("law/points");
    const client = await world.start([counter("law/rewards", ["law/points"])]);
    expect(await client.call(former.add, 5, { id: "ada" })).toBe(5);
    expect(await client.readState(former, "ada")).toEqual({ n: 5 });
    expect(world.engine.meter.function("law/points").runs).toBe(1);
  }));

describe("an operation that is left out", () => {
  const same = fn("law/same", (_, n: number) => n);
  const whole = stateful("law/whole", {
    state: { n: value(0) },
    handlers: { add: (ctx, n: number) => (ctx.state.n += n), read: (ctx) => ctx.state.n },
  });
  const without = stateful("law/whole", {
    state: { n: value(0) },
    handlers: { read: (ctx) => ctx.state.n },
  });
  const renamed = stateful("law/whole", {
    state: { n: value(0) },
    handlers: { increase: (ctx, n: number) => (ctx.state.n += n), read: (ctx) => ctx.state.n },
    operationAliases: { increase: ["add"] },
  });
  const later = fn("law/later", (ctx) =>
    ctx.invoke(whole.add, ctx.onComplete(ctx.event<number>("go"), same), { id: "b" }),
  );

  test.each([
    ["is there again", whole],
    ["has a new name and an alias", renamed],
  ])("holds its messages, and they run once it %s", (_, next) =>
    inWorld(async (world) => {
      await (await world.start([whole, same, later])).start(later, undefined, { id: "f" });
      const between = await world.start([without, same, later]);
      await between.signal("f", "go", 5);
      await world.clock.advance(1_000);
      expect((await between.status("f")).status).toBe("pending");
      expect([...world.engine.unregistered]).toEqual([["law/whole/add", 1]]);
      expect(await between.call(without.read, undefined, { id: "b" })).toBe(0);
      await world.start([without, same, later]);
      expect([...world.engine.unregistered]).toEqual([["law/whole/add", 1]]);
      const after = await world.start([next, same, later]);
      await world.clock.advance(1_000);
      expect(await after.status("f")).toMatchObject({ status: "completed" });
      expect(await after.readState(next, "b")).toEqual({ n: 5 });
      expect(world.messages).toBe(0);
    }),
  );

  test("does not keep its held messages when their flow is canceled", () =>
    inWorld(async (world) => {
      await (await world.start([whole, same, later])).start(later, undefined, { id: "f" });
      const between = await world.start([without, same, later]);
      await between.signal("f", "go", 5);
      await world.clock.advance(1_000);
      expect(await between.cancel("f")).toBe(true);
      expect([...world.engine.unregistered]).toEqual([]);
      expect(world.messages).toBe(0);
    }));

  test("is UNKNOWN_FUNCTION for new calls, of clients and of handlers", () =>
    inWorld(async (world) => {
      const calls = fn("law/calls", (ctx) => ctx.invoke(whole.add, 1, { id: "b" }));
      const client = await world.start([without, calls]);
      await expect(client.call(whole.add, 1, { id: "b" })).rejects.toMatchObject({
        code: "UNKNOWN_FUNCTION",
        details: { operation: "add" },
      });
      await expect(client.call(calls)).rejects.toMatchObject({ code: "UNKNOWN_FUNCTION" });
    }));

  test("takes its flows along to its new name: a start with the same key attaches", () =>
    inWorld(async (world) => {
      const before = await world.start([whole]);
      await before.call(whole.add, 5, { id: "b", key: "k" });
      const client = await world.start([renamed]);
      expect(await client.call(renamed.increase, 5, { id: "b", key: "k" })).toBe(5);
      await expect(client.call(renamed.increase, 6, { id: "b", key: "k" })).rejects.toMatchObject({
        code: "IDEMPOTENCY_CONFLICT",
      });
    }));

  test("refuses a redrive of its dead letters, which stay", () =>
    inWorld(async (world) => {
      const fails = stateful("law/whole", {
        state: { n: value(0) },
        handlers: {
          add(): void {
            throw new Error("no");
          },
        },
      });
      const sends = fn("law/sends", (ctx) => ctx.send(fails.add, undefined, { id: "b" }));
      const before = await world.start([fails, sends]);
      await before.call(sends);
      await world.clock.advance(1);
      const [letter] = world.engine.deadLetters();
      await world.start([without, sends]);
      await expect(world.engine.redrive(letter?.id ?? "")).rejects.toMatchObject({
        code: "UNKNOWN_FUNCTION",
      });
      expect(world.engine.deadLetters()).toHaveLength(1);
    }));
});

describe("a message to a function by its type waits while the function lacks", () => {
  const state = { n: value(0) };
  const read = (ctx: { readonly state: { n: number } }): number => ctx.state.n;
  const receiving = stateful("law/box", {
    state,
    handlers: { receive: (ctx, message: { value: number }) => void (ctx.state.n += message.value) },
    queries: { read },
  });
  const adding = stateful("law/box", {
    state,
    handlers: { add: (ctx, n: number) => void (ctx.state.n += n) },
    queries: { read },
  });
  const asking = stateful("law/box", {
    state,
    handlers: { set: read },
    queries: { read, add: read },
  });
  const renamed = stateful("law/box", {
    state,
    handlers: { plus: (ctx, n: number) => void (ctx.state.n += n) },
    queries: { read },
    operationAliases: { plus: ["add"] },
  });

  test.each([
    ["the handler `receive`", receiving, "law/any", asking, receiving, "law/box/receive"],
    ["the operation that the type names", adding, "add", receivingNone(), renamed, "law/box/add"],
    ["that operation, which is now a query", adding, "add", asking, adding, "law/box/add"],
  ] as const)("%s", (_, former, type, current, later, missing) =>
    inWorld(async (world) => {
      const send = fn("law/send", (ctx) =>
        ctx.send("law/box", "b", { type, value: 3 }, { delay: "1h" }),
      );
      const before = await world.start([former, send]);
      await before.call(send);
      const between = await world.start([current, send]);
      await expect(between.call(send)).rejects.toMatchObject({ code: "UNKNOWN_FUNCTION" });
      await world.clock.advance(2 * 3_600_000);
      expect([...world.engine.unregistered]).toEqual([[missing, 1]]);
      expect(world.engine.deadLetters()).toEqual([]);
      const after = await world.start([later, send]);
      expect(await after.call(later.read, undefined, { id: "b" })).toBe(3);
      expect(world.messages).toBe(0);
    }),
  );

  /** Neither `receive` nor an operation that the messages name. */
  function receivingNone() {
    return stateful("law/box", { state, handlers: { set: read }, queries: { read } });
  }
});

describe("names that clash are refused at the start, and the message names both functions", () => {
  const named = (type: string, ...aliases: string[]): object => fn(type, { aliases }, () => 1);
  test.each([
    ["an alias of itself", [named("law/a", "law/a")], /law\/a lists law\/a as an alias/],
    ["an alias twice", [named("law/a", "law/b", "law/b")], /law\/a lists law\/b as an alias/],
    [
      "a shared alias",
      [named("law/a", "law/x"), named("law/b", "law/x")],
      /law\/x is an alias of law\/a and an alias of law\/b/,
    ],
    [
      "a chain",
      [named("law/a", "law/b"), named("law/b", "law/c")],
      /law\/b is an alias of law\/a and the name of law\/b/,
    ],
    [
      "a cycle",
      [named("law/a", "law/b"), named("law/b", "law/a")],
      /law\/b is an alias of law\/a and the name of law\/b/,
    ],
  ])("%s", async (_, functions, message) => {
    const store: Store = memory();
    const error: unknown = await embedded({ functions, store }).catch((each: unknown) => each);
    expect(HandbackError.is(error, "DUPLICATE_FUNCTION")).toBe(true);
    expect(String(error)).toMatch(message);
  });

  test.each([
    ["an unknown operation", { none: ["former"] }],
    ["the name of an operation", { add: ["read"] }],
    ["a name twice", { add: ["plus"], read: ["plus"] }],
    ["no list", { add: "plus" }],
  ])("an alias of %s", (_, operationAliases) => {
    const define = (): object =>
      stateful("law/ops", {
        state: { n: value(0) },
        handlers: { add: () => 1, read: () => 2 },
        operationAliases: operationAliases as Record<string, string[]>,
      });
    expect(define).toThrow(expect.objectContaining({ code: "INVALID_OPTIONS" }));
  });
});
