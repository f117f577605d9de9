import { fn, memory, stateful, value } from "handback";
import type { FutureHandle, Settlement } from "handback";
import { describe, expect, test } from "vitest";
import { CommitGate, HeldStore } from "../support/held-store.ts";
import { deferredWork, start } from "../support/started-engine.ts";

const HOUR_MS = 3_600_000;

describe("cancellation stays within its scope", () => {
  test("races and handles of a one-way message continue when the flow that sent it is canceled", async () => {
    const seen: string[] = [];
    const note = fn(
      "test/note",
      (_, { result, args }: { result: Settlement<unknown>; args: string }) => {
        seen.push(`${args} ${result.status}`);
      },
    );
    const away = fn("test/away", (ctx) => {
      const escaped = ctx.sleep(100);
      ctx.onSettled(ctx.future(escaped.handle()), note, "handle");
      ctx.onSettled(
        ctx.race([ctx.race([ctx.sleep(100), ctx.sleep("1h")]), ctx.sleep("1h")]),
        note,
        "race",
      );
    });
    const main = fn("test/main", (ctx) => {
      ctx.send(away);
      return ctx.sleep("1d");
    });
    const { engine, clock } = await start({ functions: [note, away, main] });
    const flow = await engine.client.start(main, undefined, { id: "f" });
    await clock.advance(10);
    await engine.client.cancel(flow);
    await clock.advance(HOUR_MS);
    expect(seen.toSorted()).toEqual(["handle fulfilled", "race fulfilled"]);
  });

  test("canceling work that needs a future from elsewhere leaves that future to others", async () => {
    const begin = fn("test/begin", (ctx) => ({
      work: ctx.onComplete(ctx.sleep(1000), done).handle(),
    }));
    const done = fn("test/done", () => "done");
    const follow = fn("test/follow", (ctx, handle: FutureHandle<unknown>) => ctx.future(handle));
    const drop = fn("test/drop", (ctx, handle: FutureHandle<unknown>) =>
      ctx.cancel(ctx.all([ctx.future(handle), ctx.sleep(5)])),
    );
    const { engine, clock } = await start({ functions: [begin, done, follow, drop] });
    const { work } = await engine.client.call(begin);
    await engine.client.call(drop, work);
    expect(await clock.until(engine.client.call(follow, work))).toBe("done");
  });

  test("canceling a future after its retention notifies no consumer", async () => {
    const begin = fn("test/begin", (ctx) => ({ work: ctx.sleep(5).handle() }));
    const follow = fn("test/follow", (ctx, handle: FutureHandle<unknown>) => ctx.future(handle));
    const drop = fn("test/drop", (ctx, handle: FutureHandle<unknown>) =>
      ctx.cancel(ctx.future(handle)),
    );
    const { engine, clock } = await start({ functions: [begin, follow, drop], retention: "1h" });
    const { work } = await engine.client.call(begin);
    await clock.advance(3 * HOUR_MS);
    await engine.client.call(drop, work);
    await expect(clock.until(engine.client.call(follow, work))).rejects.toMatchObject({
      code: "EXPIRED",
    });
  });
});

describe("cancellation reaches its whole scope", () => {
  test("messages to a former name of their function, while one of them is being handled", async () => {
    const store = memory();
    const { work, end, running } = deferredWork();
    const told: string[] = [];
    const make = (type: string, options: { readonly aliases?: readonly string[] }) =>
      stateful(type, {
        ...options,
        state: { added: value(0) },
        handlers: {
          hold(ctx, name: string) {
            ctx.signal.addEventListener("abort", () => told.push(name));
            return work(name);
          },
          add: (ctx) => ++ctx.state.added,
        },
      });
    const former = make("test/former", {});
    const first = await start({ functions: [former], store });
    await first.engine.client.start(former.hold, "held", { id: "x", key: "hold" });
    for (const key of ["one", "two"])
      await first.engine.client.start(former.add, undefined, { id: "x", key });
    await first.clock.until(first.engine.close());
    const present = make("test/present", { aliases: ["test/former"] });
    const { engine, clock } = await start({ functions: [present], store }, first.clock);
    await clock.quiet();
    expect(await engine.client.cancel("one")).toBe(true);
    expect(await engine.client.cancel("hold")).toBe(true);
    for (const name of running()) end(name);
    await clock.quiet();
    expect(told).toEqual(["held"]);
    expect(await engine.client.flow("two").result()).toBe(1);
    expect(store.count()).toMatchObject({ messages: 0, delayed: 0, watches: 0 });
  });

  test("messages for functions that are not registered, which count only while they wait", async () => {
    const store = memory();
    const gone = fn("test/gone", () => 1);
    const parks = fn("test/parks", (ctx) => ctx.onComplete(ctx.sleep(1), gone));
    const races = fn("test/races", (ctx) =>
      ctx.race([ctx.onComplete(ctx.sleep(5), gone), ctx.sleep(5)]),
    );
    const later = fn("test/later", (ctx) => ctx.onComplete(ctx.sleep(20), gone));
    const known = [parks, races, later];
    const first = await start({ functions: [...known, gone], store });
    for (const f of known) await first.engine.client.start(f, undefined, { id: f.type });
    await first.clock.quiet();
    await first.clock.until(first.engine.close());
    const gate = new CommitGate();
    const { engine, clock } = await start(
      { functions: known, store: new HeldStore(store, gate.hold) },
      first.clock,
    );
    const waiting = () => Object.fromEntries(engine.unregistered);
    // One is added and removed in one batch, as its race is decided.
    await clock.advance(10);
    expect(waiting()).toEqual({ "test/gone": 1 });
    expect(await engine.client.cancel("test/parks")).toBe(true);
    expect(waiting()).toEqual({});
    // Another is removed while the commit that adds it is in flight.
    gate.shut();
    await clock.advance(10);
    const cancelled = engine.client.cancel("test/later");
    gate.open();
    expect(await cancelled).toBe(true);
    await clock.advance(10);
    expect(waiting()).toEqual({});
    expect(store.count()).toMatchObject({ messages: 0, delayed: 0, watches: 0 });
  });
});
