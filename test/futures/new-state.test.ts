import { fn, NEW_STATE, stateful, value } from "handback";
import type { Client, Invokable, StartOptions } from "handback";
import { chain, withTimeout } from "handback/patterns";
import { simulate } from "handback/testing";
import { describe, expect, test, vi } from "vitest";

const counter = stateful("new/counter", {
  state: { count: value(0) },
  handlers: { add: (ctx, n: number) => (ctx.state.count += n) },
  queries: { read: (ctx) => ctx.state.count },
});
const double = fn("new/double", (_, n: number) => 2 * n);
/** The operation as a caller without types holds it. */
const untyped: Invokable<number, unknown> = counter.add;

/** Runs a program with a client, in virtual time. */
async function withClient(
  functions: readonly object[],
  run: (client: Client) => Promise<void>,
): Promise<void> {
  await simulate({ functions: [counter, double, ...functions] }, ({ client }) => run(client));
}

const invalidOptions = (why: string) => ({
  code: "INVALID_OPTIONS",
  message: expect.stringContaining(why) as unknown,
});
const NAMES_THE_CHOICE = invalidOptions(
  "new/counter.add needs the option id: expected the id of a state, or NEW_STATE for a new one",
);

describe("a client's call of an operation", () => {
  const withoutId: readonly (readonly [string, StartOptions | undefined])[] = [
    ["without options", undefined],
    ["with other options", { key: "k" }],
  ];

  test.each(withoutId)("is refused %s, and makes nothing", async (_, options) => {
    await withClient([], async (client) => {
      await expect(client.call(untyped, 1, options)).rejects.toMatchObject(NAMES_THE_CHOICE);
      await expect(client.start(untyped, 1, options)).rejects.toMatchObject(NAMES_THE_CHOICE);
      await expect(client.status("k")).rejects.toMatchObject({ code: "NOT_FOUND" });
    });
  });

  test("makes a new state each time with NEW_STATE, and the handle names it", async () => {
    await withClient([], async (client) => {
      const [one, other] = [
        await client.start(counter.add, 1, { id: NEW_STATE }),
        await client.start(counter.add, 2, { id: NEW_STATE }),
      ];
      await Promise.all([one.result(), other.result()]);
      expect(one.stateId).not.toBe(other.stateId);
      expect(await client.call(counter.add, 10, { id: one.stateId ?? "" })).toBe(11);
      expect(await client.call(counter.read, undefined, { id: other.stateId ?? "" })).toBe(2);
    });
  });

  test("makes one state with NEW_STATE and a key, however often it is sent", async () => {
    await withClient([], async (client) => {
      const start = () => client.start(counter.add, 1, { id: NEW_STATE, key: "k" });
      const [first, again] = [await start(), await start()];
      expect([again.id, again.stateId]).toEqual([first.id, first.stateId]);
      expect(await first.result()).toBe(1);
    });
  });

  test("takes the NEW_STATE of another copy of the package", async () => {
    vi.resetModules();
    const other = await import("../../src/futures/types/new-state.ts");
    expect(other.NEW_STATE).toBe(NEW_STATE);
    expect(Symbol.keyFor(NEW_STATE)).toBe("handback.newState");
  });
});

describe("a one-way message to an operation", () => {
  test("is refused without an id", async () => {
    const post = fn("new/post", (ctx) => ctx.send(untyped, 1));
    const later = fn("new/later", (ctx) => ctx.send(untyped, 1, { delay: "1s", token: "t" }));
    await withClient([post, later], async (client) => {
      for (const f of [post, later])
        await expect(client.call(f)).rejects.toMatchObject(NAMES_THE_CHOICE);
    });
  });

  test("makes a new state with NEW_STATE", async () => {
    const ids: string[] = [];
    const box = stateful("new/box", {
      state: {},
      handlers: { put: (ctx) => void ids.push(ctx.self.id) },
    });
    const post = fn("new/post", (ctx) => {
      ctx.send(box.put, undefined, { id: NEW_STATE });
      ctx.send(box.put, undefined, { id: NEW_STATE });
    });
    await simulate({ functions: [box, post] }, async (t) => {
      await t.client.call(post);
      await t.idle();
    });
    expect(new Set(ids).size).toBe(2);
  });
});

describe("in a handler", () => {
  test("an invocation makes a new state without an id, and with NEW_STATE", async () => {
    const make = fn("new/make", (ctx) => {
      const [one, other] = [
        ctx.invoke(counter.add, 1),
        ctx.invoke(counter.add, 2, { id: NEW_STATE }),
      ];
      return { ids: [one.stateId, other.stateId], values: [one, other] };
    });
    await withClient([make], async (client) => {
      const { ids, values } = await client.call(make);
      expect(values).toEqual([1, 2]);
      expect(new Set(ids).size).toBe(2);
      expect(await client.call(counter.read, undefined, { id: ids[1] ?? "" })).toBe(2);
    });
  });

  test("steps over operations need no id", async () => {
    const line = chain("new/line", double, counter.add);
    const timed = withTimeout("new/timed", counter.add, "1m");
    await withClient([line, timed], async (client) => {
      expect(await client.call(line, 2)).toBe(4);
      expect(await client.call(timed, 3)).toBe(3);
    });
  });
});

test("a stateless function has no state to make", async () => {
  const post = fn("new/post", (ctx) => ctx.send(double, 1, { id: NEW_STATE }));
  await withClient([post], async (client) => {
    const refusal = invalidOptions("new/double is stateless: expected a string as its id, or none");
    await expect(client.call(double, 1, { id: NEW_STATE })).rejects.toMatchObject(refusal);
    await expect(client.call(post)).rejects.toMatchObject(refusal);
  });
});
