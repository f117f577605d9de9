import fc from "fast-check";
import { embedded, fn, memory, stateful, value } from "handback";
import type { Context, Embedded, EmbeddedOptions, Store } from "handback";
import { describe, expect, test } from "vitest";
import { VirtualClock } from "../../../src/testing/simulation/machine/virtual-clock.ts";
import { CommitGate, HeldStore } from "../../durability/support/held-store.ts";

const log = { debug() {}, info() {}, warn() {}, error() {} };

const keeper = stateful("late/keeper", {
  state: { seen: value<number[]>([]) },
  handlers: {
    add: (ctx, n: number) => void ctx.state.seen.push(n),
    read: (ctx) => ctx.state.seen,
  },
});
const feed = fn("late/feed", (ctx: Context, delays: readonly number[]) => {
  for (const [n, delay] of delays.entries()) ctx.send(keeper.add, n, { id: "k", delay });
});
const ask = fn("late/ask", (ctx: Context) =>
  ctx.invoke(keeper.read, undefined, { id: "k", after: [ctx.sleep(10)] }),
);
const wrong = (face: object): object => face;

/** Opens an engine, lets it send, and opens it again without the keeper. */
async function parked(delays: readonly number[], wrap: (store: Store) => Store = (store) => store) {
  const clock = new VirtualClock();
  const store = memory();
  const open = (functions: readonly object[], of: EmbeddedOptions["store"]): Promise<Embedded> =>
    embedded({ functions, store: of, clock, log });
  const first = await open([feed, ask, keeper], store);
  await first.client.call(feed, delays);
  // What is due at once is handled by the first engine, and makes the state.
  while (delays[0] === 0 && first.meter.function("late/keeper").runs === 0)
    await first.client.call(feed, []);
  const flow = await first.client.start(ask);
  await first.close();
  return { engine: await open([feed, ask], wrap(store)), clock, flow: flow.id };
}

describe("a function that is registered later", () => {
  test("gets the messages that were parked for it, and those that come after", async () => {
    const { engine, clock, flow } = await parked([1, 2, 3, 50]);
    await clock.advance(20);
    expect([...engine.unregistered]).toEqual([["late/keeper", 4]]);
    await engine.register(keeper);
    expect(await engine.client.flow(flow).result()).toEqual([0, 1, 2]);
    expect(engine.unregistered.size + engine.backlog).toBe(0);
    await clock.advance(100);
    expect(await engine.client.call(keeper.read, undefined, { id: "k" })).toEqual([0, 1, 2, 3]);
    await engine.close();
  });

  test("gets each message once and in order, whenever it is registered", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 12 }),
        fc.integer({ min: 0, max: 50 }),
        fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 6 }),
        fc.boolean(),
        async (steps, at, passes, queues) => {
          const delays = steps.map((_, n) => steps.slice(0, n + 1).reduce((a, b) => a + b, 0));
          const gate = new CommitGate();
          const ahead = (store: Store): Store => new HeldStore(store, gate.hold, "at once", queues);
          const { engine, clock } = await parked(delays, ahead);
          await clock.advance(at);
          gate.shut();
          await clock.advance(10);
          const registered = engine.register(keeper);
          for (const count of passes) {
            for (let pass = 0; pass < count; pass++) gate.passOne();
            await clock.advance(7);
          }
          gate.open();
          await registered;
          await clock.advance(1_000);
          expect(await engine.client.readState(keeper, "k").catch(() => ({ seen: [] }))).toEqual({
            seen: [...delays.keys()],
          });
          expect(engine.unregistered.size + engine.backlog).toBe(0);
          await engine.close();
        },
      ),
    );
  });

  test("does not run work that was canceled while it was parked", async () => {
    const { engine, clock, flow } = await parked([]);
    await clock.advance(20);
    const cancelled = engine.client.cancel(flow);
    await engine.register(keeper);
    expect(await cancelled).toBe(true);
    await clock.advance(20);
    expect(engine.meter.function("late/keeper").runs).toBe(0);
    expect(engine.unregistered.size + engine.backlog).toBe(0);
    await engine.close();
  });

  test("takes over the states and the messages of its former names", async () => {
    const renamed = stateful("late/renamed", {
      aliases: ["late/keeper"],
      state: { seen: value<number[]>([]) },
      handlers: {
        add: (ctx, n: number) => void ctx.state.seen.push(n),
        read: (ctx) => ctx.state.seen,
      },
    });
    const { engine, clock } = await parked([0, 1, 30]);
    await clock.advance(15);
    await engine.register(renamed);
    await clock.advance(50);
    expect(await engine.client.readState(renamed, "k")).toEqual({ seen: [0, 1, 2] });
    await engine.close();
  });

  test("can be given by its type and handler", async () => {
    const engine = await embedded({ functions: [], store: memory(), log });
    await engine.register("late/double", (_: Context, n: number) => 2 * n);
    const double = fn("late/double", (_, n: number) => 2 * n);
    expect(await engine.client.call(double, 4)).toBe(8);
    await engine.close();
  });

  test("brings its parts, and may share those that are registered", async () => {
    const engine = await embedded({ functions: [keeper], store: memory(), log });
    const whole = fn("late/whole", (ctx: Context) =>
      ctx.invoke(keeper.read, undefined, { id: "k" }),
    );
    await engine.register(whole);
    expect(await engine.client.call(whole)).toEqual([]);
    await engine.close();
  });
});

describe("a registration that is refused changes nothing", () => {
  const other = fn("late/keeper", () => 1);
  const former = fn("late/other", { aliases: ["late/keeper"] }, () => 1);
  const sink = fn("late/sink", () => 1);

  test.each([
    ["the same function again", keeper, "DUPLICATE_FUNCTION"],
    ["another function of the type", other, "DUPLICATE_FUNCTION"],
    ["a function with a former name that is in use", former, "DUPLICATE_FUNCTION"],
    ["a function with the name of an egress", sink, "DUPLICATE_FUNCTION"],
    ["no function", wrong({}), "INVALID_OPTIONS"],
  ])("%s", async (_, face, code) => {
    const egress = { "late/sink": () => undefined };
    const engine = await embedded({ functions: [keeper], store: memory(), egress, log });
    await expect(engine.register(face)).rejects.toMatchObject({ code });
    const fine = fn("late/fine", () => "fine");
    await engine.register(fine);
    expect(await engine.client.call(fine)).toBe("fine");
    expect(await engine.client.call(keeper.read, undefined, { id: "k" })).toEqual([]);
    await engine.close();
  });

  test("rejects, and does not throw, if its type or handler is wrong", async () => {
    const { engine } = await parked([0]);
    const name = engine.register("no namespace", () => 1);
    await expect(name).rejects.toMatchObject({ code: "INVALID_NAME" });
    const handler = engine.register("late/wrong", wrong({}) as () => void);
    await expect(handler).rejects.toMatchObject({ code: "INVALID_HANDLER" });
    await engine.close();
  });

  test("of two at the same time, one", async () => {
    const engine = await embedded({ functions: [], store: memory(), log });
    const results = await Promise.allSettled([engine.register(keeper), engine.register(other)]);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    expect(await engine.client.call(keeper.read, undefined, { id: "k" })).toEqual([]);
    await engine.close();
  });

  test("after the engine was closed", async () => {
    const engine = await embedded({ functions: [], store: memory(), log });
    await engine.close();
    await expect(engine.register(keeper)).rejects.toMatchObject({ code: "CLOSED" });
  });
});
