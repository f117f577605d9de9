import { fn, HandbackError, stateful, value } from "handback";
import type { Context, Future, FutureHandle } from "handback";
import { expect, test } from "vitest";
import { VirtualClock } from "../../src/testing/simulation/machine/virtual-clock.ts";
import { assertRejects, assertUnharmed, echo, newGate, openEngine } from "./open-engine.ts";

type Box = { n: number };
type Late = readonly [name: string, act: (ctx: Context<Box>, made: Made) => unknown];
/** Objects that an attempt held when it was abandoned. */
interface Made {
  readonly future: Future<unknown>;
  readonly handle: FutureHandle<unknown>;
}

/** All effects of a handler, and all uses of objects that it made. */
const EFFECTS: readonly Late[] = [
  ["a read of state", (ctx) => ctx.state.n],
  ["a write", (ctx) => (ctx.state.n = 99)],
  ["invoke", (ctx) => ctx.invoke(echo, "late")],
  ["send", (ctx) => ctx.send(echo, "late")],
  ["a delayed send", (ctx) => ctx.send(echo, "late", { delay: 1, token: "t" })],
  ["cancelSend", (ctx) => ctx.cancelSend("t")],
  ["reply", (ctx) => ctx.reply("late")],
  ["egress", (ctx) => ctx.egress("abandoned/out", "late")],
  ["onComplete", (ctx, { future }) => ctx.onComplete(future, echo)],
  ["onSettled", (ctx, { future }) => ctx.onSettled(future, echo)],
  ["all", (ctx, { future }) => ctx.all([future])],
  ["allSettled", (ctx, { future }) => ctx.allSettled([future])],
  ["wait", (ctx, { future }) => ctx.wait([future])],
  ["any", (ctx, { future }) => ctx.any([future])],
  ["race", (ctx, { future }) => ctx.race([future])],
  ["timeout", (ctx, { future }) => ctx.timeout(future, 1)],
  ["cancel", (ctx, { future }) => ctx.cancel(future)],
  ["resolved", (ctx) => ctx.resolved(1)],
  ["rejected", (ctx) => ctx.rejected(new Error("late"))],
  ["future", (ctx, { handle }) => ctx.future(handle)],
  ["sleep", (ctx) => ctx.sleep(1)],
  ["sleepUntil", (ctx) => ctx.sleepUntil(1)],
  ["promise", (ctx) => ctx.promise()],
  ["event", (ctx) => ctx.event("late")],
  ["setStatus", (ctx) => ctx.setStatus("late")],
  ["get", (ctx, { future }) => ctx.get(future)],
  ["expireAfter", (ctx) => ctx.expireAfter(1)],
  ["terminate", (ctx) => ctx.terminate()],
  ["the handle of a future", (_, { future }) => future.handle()],
];

/** A state whose handler continues long after it was abandoned, and then tries every effect. */
function makeBox(gate: Promise<void>) {
  const late: Record<string, unknown> = {};
  const reasons: unknown[] = [];
  const box = stateful("abandoned/box", {
    state: { n: value(0) },
    timeout: "1m",
    handlers: {
      async run(ctx, blocks: boolean): Promise<string> {
        const future = ctx.invoke(echo, "flushed or never");
        const made = { future, handle: future.handle() };
        if (blocks) {
          const never = ctx.get(ctx.event("never"));
          await Promise.race([
            never.catch((error: unknown) => reasons.push(HandbackError.is(error) && error.code)),
            gate,
          ]);
        }
        await gate;
        reasons.push(HandbackError.is(ctx.signal.reason) && ctx.signal.reason.code);
        for (const [name, act] of EFFECTS) {
          try {
            late[name] = await act(ctx, made);
          } catch (error) {
            late[name] = HandbackError.is(error) ? error.code : error;
          }
        }
        return "too late";
      },
      add: (ctx, by: number) => (ctx.state.n += by),
    },
  });
  return { box, late, reasons };
}

test.each([
  ["that works", false],
  ["that blocks", true],
])(
  "a handler %s for longer than its timeout has no later effect, and frees its address and handler slot",
  async (_, blocks) => {
    const clock = new VirtualClock();
    const gate = newGate();
    const { box, late, reasons } = makeBox(gate.opened);
    const out: unknown[] = [];
    const egress = { "abandoned/out": (gone: unknown) => void out.push(gone) };
    const world = await openEngine([box], { clock, concurrency: 1, egress });
    const { client, engine } = world;
    const abandoned = await client.start(box.run, blocks, { id: "a", key: "abandoned" });
    // It waits behind the handler, for its address and its handler slot.
    const behind = await client.start(box.add, 1, { id: "a", key: "behind" });
    await assertRejects(clock.until(abandoned.result()), "HANDLER_TIMEOUT");
    expect(await clock.until(behind.result())).toBe(1);
    const before = engine.meter.function(echo.type).runs;

    gate.open();
    await clock.advance(10_000);
    expect(late).toEqual(Object.fromEntries(EFFECTS.map(([name]) => [name, "STALE_ATTEMPT"])));
    expect(reasons).toEqual(["HANDLER_TIMEOUT"]);
    expect(out).toEqual([]);
    expect(engine.meter.function(echo.type).runs).toBe(before);
    expect(await client.readState(box, "a")).toEqual({ n: 1 });
    expect(await client.status("abandoned")).toMatchObject({
      status: "failed",
      custom: undefined,
      failure: { code: "HANDLER_TIMEOUT" },
    });
    expect(await client.call(box.add, 1, { id: "a" })).toBe(2);
    await assertUnharmed(world);
  },
);

test("a retry is not disturbed by the abandoned attempt that still runs", async () => {
  const clock = new VirtualClock();
  const gates = [newGate(), newGate()];
  const seen: unknown[] = [];
  const twice = stateful("abandoned/twice", {
    state: { writes: value<number[]>([]) },
    timeout: "1m",
    retry: { maxAttempts: 2, initialDelay: 0 },
    handlers: {
      async run(ctx): Promise<Future<unknown>> {
        const { attempt } = ctx;
        ctx.state.writes.push(attempt);
        await gates[attempt - 1]?.opened;
        try {
          ctx.state.writes.push(attempt);
          return ctx.invoke(echo, attempt);
        } catch (error) {
          seen.push(HandbackError.is(error) && error.code);
          throw error;
        }
      },
    },
  });
  const world = await openEngine([twice], { clock });
  const flow = await world.client.start(twice.run, undefined, { id: "a", key: "twice" });
  await clock.advance(61_000);
  // The second attempt is running now. The first one ends meanwhile, then the second.
  gates[0]?.open();
  await clock.quiet();
  expect(seen).toEqual(["STALE_ATTEMPT"]);
  gates[1]?.open();
  expect(await clock.until(flow.result())).toBe(2);
  expect(await world.client.readState(twice, "a")).toEqual({ writes: [2, 2] });
  expect(await world.engine.meter.flow("twice")).toMatchObject({ runs: 3, final: true });
  await assertUnharmed(world);
});

test("an abandoned attempt does not delay the closing of the engine", async () => {
  const clock = new VirtualClock();
  const stuck = fn(
    "abandoned/stuck",
    { timeout: "1s" },
    () => Promise.withResolvers<void>().promise,
  );
  const world = await openEngine([stuck], { clock });
  await assertRejects(clock.until(world.client.call(stuck)), "HANDLER_TIMEOUT");
  const before = clock.now();
  await world.engine.close();
  expect(clock.now()).toBe(before);
});
