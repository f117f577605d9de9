import { fn } from "handback";
import type { FutureHandle, Settlement } from "handback";
import { describe, expect, test } from "vitest";
import { deferredWork, start } from "../support/started-engine.ts";

/** A function that records the settlement it receives. */
function makeCleanUp() {
  const cleaned: unknown[] = [];
  const note = (settlement: Settlement<unknown>): void => {
    cleaned.push(settlement.status === "fulfilled" ? settlement.value : settlement.reason.code);
  };
  const cleanUp = fn("test/clean-up", (_, settlement: Settlement<unknown>) => note(settlement));
  return { cleaned, cleanUp };
}

/** Starts an engine whose one handler slot is in use. */
async function startBusy(functions: readonly object[]) {
  const { work, end } = deferredWork();
  const busy = fn("test/busy", (_, name: string) => work(name));
  const { engine, clock } = await start({ functions: [...functions, busy], concurrency: 1 });
  const occupy = async (): Promise<void> => {
    void engine.client.call(busy, "busy");
    await clock.quiet();
  };
  const free = async (): Promise<void> => {
    end("busy");
    await clock.advance(10);
  };
  return { engine, clock, occupy, free };
}

describe("a continuation of `onSettled`", () => {
  test("learns of a cancellation that comes after the future has settled and before the continuation runs", async () => {
    const { cleaned, cleanUp } = makeCleanUp();
    const main = fn("test/main", (ctx) => ctx.onSettled(ctx.sleep(5), cleanUp));
    const { engine, clock, occupy, free } = await startBusy([cleanUp, main]);
    const flow = await engine.client.start(main, undefined, { id: "f" });
    await clock.quiet();
    await occupy();
    await clock.advance(10);
    expect(await engine.client.cancel(flow)).toBe(true);
    expect(cleaned).toEqual([]);
    await free();
    expect(cleaned).toEqual(["CANCELLED"]);
    expect(await engine.meter.flow("f")).toMatchObject({ runs: 2, final: true });
  });

  test("is called once its arguments, which are futures, have settled", async () => {
    const released: unknown[] = [];
    const acquire = fn("test/acquire", () => "resource");
    const release = fn(
      "test/release",
      (_, { result, args }: { result: Settlement<unknown>; args: string }) => {
        released.push(args, result.status === "rejected" && result.reason.code);
      },
    );
    const main = fn("test/main", (ctx) =>
      ctx.onSettled(ctx.sleep("1d"), release, ctx.invoke(acquire)),
    );
    const { engine, clock } = await start({ functions: [acquire, release, main] });
    const flow = await engine.client.start(main, undefined, { id: "f" });
    await clock.advance(10);
    await engine.client.cancel(flow);
    await clock.advance(10);
    expect(released).toEqual(["resource", "CANCELLED"]);
  });

  test("is not canceled with its flow once it cleans up after a race, and neither are its own continuations", async () => {
    const { cleaned, cleanUp } = makeCleanUp();
    const inSteps = fn(
      "test/in-steps",
      (ctx, { args }: { result: Settlement<unknown>; args: string }) =>
        ctx.onSettled(
          ctx.race([ctx.onComplete(ctx.sleep(10), step, args), ctx.sleep("1h")]),
          cleanUp,
        ),
    );
    const step = fn("test/step", (_, { args }: { result: void; args: string }) => args);
    const main = fn("test/main", (ctx) => {
      const race = (name: string, ms: number) =>
        ctx.race([ctx.onSettled(ctx.sleep("1h"), inSteps, name), ctx.sleep(ms)]);
      return ctx.all([race("begun", 5), race("queued", 10), ctx.sleep("1h")]);
    });
    const { engine, clock, occupy, free } = await startBusy([cleanUp, inSteps, step, main]);
    const flow = await engine.client.start(main, undefined, { id: "f" });
    await clock.advance(6);
    await occupy();
    await clock.advance(6);
    await engine.client.cancel(flow);
    expect(cleaned).toEqual([]);
    await free();
    await clock.advance(20);
    expect(new Set(cleaned)).toEqual(new Set(["begun", "queued"]));
  });

  test("is called in one escaped future when another one is canceled at the same time", async () => {
    const { cleaned, cleanUp } = makeCleanUp();
    const outer = fn("test/outer", (ctx) =>
      ctx.onComplete(ctx.sleep(1), inner, { handle: ctx.sleep("1d").handle() }),
    );
    const inner = fn(
      "test/inner",
      (ctx, { args: { handle } }: { result: void; args: { handle: FutureHandle<void> } }) => {
        ctx.setStatus(ctx.onSettled(ctx.future(handle), cleanUp).handle());
        return ctx.sleep("1d");
      },
    );
    const main = fn("test/main", (ctx) => ctx.race([ctx.invoke(outer), ctx.sleep(5)]));
    const { engine, clock } = await start({ functions: [cleanUp, outer, inner, main] });
    await clock.until(engine.client.call(main));
    await clock.advance(10);
    expect(cleaned).toEqual(["CANCELLED"]);
  });
});
