import { embedded, fn, memory, stateful, value } from "handback";
import type { Context } from "handback";
import { chain, retry, retryLater } from "handback/patterns";
import { describe, expect, test, vi } from "vitest";
import { VirtualClock } from "../../src/testing/simulation/machine/virtual-clock.ts";
import { assertRejects, openEngine } from "./open-engine.ts";

const SECRET = "4111-1111-1111-1111";

/** An error that has the secret everywhere that text can be. */
class DeclinedError extends Error {
  override readonly name = "DeclinedError";
  readonly code = "DECLINED";
  readonly card = SECRET;

  constructor() {
    super(`no credit for ${SECRET}\n    at ${SECRET} (${SECRET}.ts:1:1)`, {
      cause: new Error(SECRET),
    });
  }
}
const decline = (): never => {
  throw new DeclinedError();
};
const declines = fn("log/declines", (_, _card: string): string => decline());

describe("the log has a line", () => {
  test("for each flow that fails, with its key, function and code", async () => {
    const outer = chain("log/outer", declines);
    const wrong = fn("log/wrong", () => new WeakMap());
    const world = await openEngine([outer, wrong]);
    await assertRejects(world.client.call(outer, SECRET, { key: "order-7" }), "STEP_FAILED");
    await assertRejects(world.client.call(declines, SECRET, { key: "order-8" }), "FUNCTION_FAILED");
    await assertRejects(world.client.call(wrong, undefined, { key: "order-9" }), "UNSERIALIZABLE");
    expect(world.said).toEqual([
      "warn the flow order-7 of log/outer failed: STEP_FAILED in log/outer",
      "warn the flow order-8 of log/declines failed: DeclinedError, code DECLINED in log/declines",
      "warn the flow order-9 of log/wrong failed: UNSERIALIZABLE in log/wrong",
    ]);
    expect(world.fields[1]).toEqual({
      flow: "order-8",
      type: "log/declines",
      function: "log/declines",
      attempt: 1,
      error: "DeclinedError",
      code: "DECLINED",
      at: expect.arrayContaining([expect.stringContaining("log-lines.test.ts")]) as unknown,
    });
  });

  test("for no flow that is canceled, nor one that succeeds", async () => {
    const waits = fn("log/waits", (ctx) => ctx.event("go"));
    const world = await openEngine([waits]);
    const flow = await world.client.start(waits);
    await world.client.cancel(flow);
    await assertRejects(flow.result(), "CANCELLED");
    await world.client.call(
      fn("test/echo", (_, n: number) => n),
      1,
    );
    expect(world.said).toEqual([]);
  });

  test("for each retry, of a policy and of the pattern", async () => {
    const clock = new VirtualClock();
    const policy = { maxAttempts: 2, initialDelay: "1s" } as const;
    const tried = fn("log/tried", { retry: policy }, (_, _card: string) => decline());
    const busy = fn("log/busy", { retry: policy }, (_, _card: string) => {
      throw retryLater("5s", SECRET);
    });
    const steady = retry("log/steady", declines, policy);
    const world = await openEngine([tried, busy, steady], { clock });
    for (const f of [tried, busy, steady])
      await clock.until(world.client.call(f, SECRET).catch(() => undefined));
    const lines = world.said.map((line) => line.replace(/\[[0-9a-f]+\]/, ""));
    expect(lines.filter((line) => line.includes("again"))).toEqual([
      "warn log/tried failed in attempt 1 of 2 and is tried again in 1000 ms: DeclinedError, code DECLINED",
      "warn log/busy failed in attempt 1 of 2 and is tried again in 5000 ms: RETRY_LATER",
      "warn log/steady calls log/declines again in 1000 ms, after call 1 of 2: DeclinedError, code DECLINED",
    ]);
  });

  test("for a handler that runs into its timeout", async () => {
    const clock = new VirtualClock();
    const hangs = fn("log/hangs", { timeout: 50 }, () => new Promise<void>(() => undefined));
    const world = await openEngine([hangs], { clock });
    await assertRejects(clock.until(world.client.call(hangs)), "HANDLER_TIMEOUT");
    expect(world.said[0]).toMatch(/^warn a handler of log\/hangs.* ran longer than 50 ms/);
  });

  test("for a dead letter, an egress that fails, and a rejection that nothing awaits", async () => {
    const sends = fn("log/sends", (ctx, card: string) => {
      ctx.send(declines, card);
      ctx.egress("log/out", card);
      ctx.invoke(declines, card);
    });
    let calls = 0;
    const sink = (): void => void (calls++ === 0 && decline());
    const clock = new VirtualClock();
    const world = await openEngine([sends, declines], { clock, egress: { "log/out": sink } });
    await clock.until(world.client.call(sends, SECRET, { key: "flow" }));
    await clock.advance(1000);
    expect(world.said.map((line) => line.replace(/\[[0-9a-f.]+\]/, "")).toSorted()).toEqual([
      "warn a future of the flow flow of log/sends was rejected and nothing awaits it: DeclinedError, code DECLINED in log/declines",
      "warn a message to log/declines failed and is kept as a dead letter: DeclinedError, code DECLINED",
      "warn the egress log/out failed and is tried again in 100 ms: DeclinedError, code DECLINED",
    ]);
  });
});

test("the log has a line when a flow has too many attributes, with their names and no value", async () => {
  const names = (from: number): object =>
    Object.fromEntries(Array.from({ length: 5 }, (_, at) => [`a${from + at}`, SECRET]));
  const setsMore = fn("log/sets-more", (ctx) => ctx.setAttributes({ ...names(5) }));
  const sets = fn("log/sets", (ctx) => {
    ctx.setAttributes({ ...names(0) });
    return ctx.invoke(setsMore);
  });
  const world = await openEngine([sets, setsMore]);
  await world.client.call(sets, undefined, { key: "f" });
  await new Promise((resolve) => setImmediate(resolve));
  expect(world.said).toEqual(["warn the flow f of log/sets has 8 attributes; dropped: a8, a9"]);
  expect(JSON.stringify(world.fields)).not.toContain("1111");
});

test("no line has an input, a result, a value of state, or the text of an error", async () => {
  const clock = new VirtualClock();
  const policy = { maxAttempts: 2, initialDelay: 1 } as const;
  const cart = stateful("log/cart", {
    state: { card: value("") },
    retry: policy,
    handlers: {
      put(ctx, card: string) {
        ctx.state.card = card;
        return decline();
      },
    },
  });
  const strange = [
    SECRET,
    { name: SECRET, message: SECRET, code: SECRET, stack: SECRET },
    [SECRET],
  ];
  const throws = fn("log/throws", (_, at: number): never => {
    throw strange[at]; // oxlint-disable-line typescript/only-throw-error
  });
  const waste = fn("log/waste", { timeout: 5 }, async (ctx: Context, card: string) => {
    void Promise.reject(new Error(card));
    ctx.send(declines, card);
    ctx.egress("log/out", card);
    await ctx.get(ctx.sleep(3));
    return card;
  });
  const unkept = fn("log/unkept", (_, card: string): unknown => ({ [card]: new WeakMap() }));
  const functions = [cart, throws, waste, unkept, declines, retry("log/re", declines, policy)];
  const world = await openEngine(functions, { clock, egress: { "log/out": decline } });
  const calls = [
    world.client.call(cart.put, SECRET, { id: "a" }),
    ...strange.map((_, at) => world.client.call(throws, at)),
    world.client.call(waste, SECRET),
    world.client.call(unkept, SECRET),
    world.client.call(retry("log/re", declines, policy), SECRET),
  ];
  await clock.until(Promise.allSettled(calls));
  await clock.advance(10);
  await new Promise((resolve) => setImmediate(resolve));
  expect(world.said.length).toBeGreaterThan(10);
  expect(JSON.stringify([world.said, world.fields])).not.toContain("1111");
});

test("the key of a flow that asyncHttp names is cut, because it gives access to the flow", async () => {
  const key = "0123456789abcdef".repeat(3);
  const world = await openEngine([declines]);
  await assertRejects(world.client.call(declines, "", { key }), "FUNCTION_FAILED");
  expect(world.said[0]).toContain("the flow 01234567... of log/declines failed");
  expect(JSON.stringify([world.said, world.fields])).not.toContain(key);
});

test("a storm of failures writes a bounded number of lines", async () => {
  const world = await openEngine([declines], { clock: new VirtualClock() });
  for (let n = 0; n < 100; n++) await world.client.call(declines, "").catch(() => undefined);
  expect(world.said).toHaveLength(20);
});

test("an engine without a log writes warnings and errors to the console, and nothing else", async () => {
  const [warn, error, info] = (["warn", "error", "info"] as const).map((level) =>
    vi.spyOn(console, level).mockImplementation(() => undefined),
  );
  const speaks = fn("log/speaks", (ctx) => {
    for (const level of ["debug", "info", "warn", "error"] as const) ctx.log[level](level);
  });
  const engine = await embedded({ functions: [speaks, declines], store: memory() });
  await engine.client.call(speaks);
  await engine.client.call(declines, "", { key: "f" }).catch(() => undefined);
  await engine.close();
  expect(warn?.mock.calls).toEqual([
    ["handback: warn"],
    [
      "handback: the flow f of log/declines failed: DeclinedError, code DECLINED in log/declines",
      expect.anything(),
    ],
  ]);
  expect(error?.mock.calls).toEqual([["handback: error"]]);
  expect(info?.mock.calls).toEqual([]);
});
