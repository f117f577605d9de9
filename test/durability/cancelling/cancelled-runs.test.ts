import { fn, memory, stateful, value } from "handback";
import type { Client, FutureHandle } from "handback";
import { expect, test } from "vitest";
import { VirtualClock } from "../../../src/testing/simulation/machine/virtual-clock.ts";
import { CommitGate, HeldStore } from "../support/held-store.ts";
import { deferredWork, start } from "../support/started-engine.ts";

const HOUR_MS = 3_600_000;

test("a handler learns of its cancellation once that is on disk, not before", async () => {
  const gate = new CommitGate();
  const heard: string[] = [];
  const works = fn("test/works", async (ctx): Promise<unknown> => {
    ctx.signal.addEventListener("abort", () => heard.push("signal"));
    return ctx.get(ctx.event("never")).catch(() => heard.push("get"));
  });
  const { engine, clock } = await start({
    functions: [works],
    store: new HeldStore(memory(), gate.hold),
  });
  const flow = await engine.client.start(works, undefined, { id: "f" });
  await clock.quiet();
  gate.shut();
  const cancelled = engine.client.cancel(flow);
  await clock.quiet();
  expect(heard).toEqual([]);
  gate.open();
  expect(await cancelled).toBe(true);
  await clock.quiet();
  expect(heard).toEqual(["signal", "get"]);
});

test("a listener of the abort signal may use the client at once", async () => {
  const ran: string[] = [];
  const asked: { client?: Client } = {};
  const compensate = fn("test/compensate", () => void ran.push("compensated"));
  const next = fn("test/next", () => void ran.push("next"));
  const works = fn("test/works", async (ctx) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    ctx.signal.addEventListener("abort", () =>
      resolve(void asked.client?.start(compensate, undefined, { id: "compensate" })),
    );
    return promise;
  });
  const main = fn("test/main", (ctx) => [
    ctx.invoke(works),
    ctx.onComplete(ctx.allSettled([ctx.invoke(works), ctx.sleep("1d")]), next),
  ]);
  const { engine, clock } = await start({ functions: [compensate, next, works, main] });
  asked.client = engine.client;
  const flow = await engine.client.start(main, undefined, { id: "f" });
  await clock.quiet();
  expect(await engine.client.cancel(flow)).toBe(true);
  await clock.advance(10);
  expect(ran).toEqual(["compensated"]);
  expect(await engine.client.status("compensate")).toMatchObject({ status: "completed" });
});

test("of two handlers that end at the same instant one loses the race, and its outcome has no consequence", async () => {
  for (const how of ["race", "any"] as const) {
    const [clock, store, ran] = [new VirtualClock(), memory(), [] as string[]];
    const works = fn("test/works", () => clock.work(10));
    const next = fn("test/next", () => void ran.push("next"));
    const main = fn("test/main", (ctx) =>
      ctx[how]([ctx.invoke(works), ctx.onComplete(ctx.invoke(works), next)]),
    );
    const { engine } = await start({ functions: [works, next, main], store, retention: 0 }, clock);
    await clock.until(engine.client.call(main));
    await clock.advance(HOUR_MS);
    expect({ ran, ...store.count() }).toEqual({
      ran: [],
      messages: 0,
      delayed: 0,
      watches: 0,
      state: 0,
      dead: 0,
    });
  }
});

test("a canceled run that still ends keeps its state and sends, and its futures are canceled for every consumer", async () => {
  const { work, end } = deferredWork();
  const ran: string[] = [];
  const witness = fn("test/witness", (_, input: unknown) => void ran.push(String(input)));
  const box = stateful("test/box", {
    state: { handle: value<FutureHandle<unknown>>(), token: value("") },
    handlers: {
      async keep(ctx) {
        await work("keep");
        ctx.state.handle = ctx.onComplete(ctx.sleep(5), witness).handle();
        ctx.state.token = ctx.promise().token;
        ctx.send(witness, "sent");
        ctx.send(witness, ctx.resolved("sent, and known"));
        ctx.send(witness, ctx.invoke(witness, "invoked"));
        return ctx.invoke(witness, "returned");
      },
      ask: (ctx): unknown => ctx.state.handle && ctx.future(ctx.state.handle),
    },
  });
  const { engine, clock } = await start({ functions: [witness, box] });
  const flow = await engine.client.start(box.keep, undefined, { id: "x", key: "f" });
  await clock.quiet();
  await engine.client.cancel(flow);
  end("keep");
  await clock.advance(10);
  expect(ran).toEqual(["sent", "sent, and known"]);
  expect(engine.deadLetters()).toMatchObject([{ failure: { code: "CANCELLED" } }]);
  await expect(
    clock.until(engine.client.call(box.ask, undefined, { id: "x" }), HOUR_MS),
  ).rejects.toMatchObject({ code: "CANCELLED" });
  const { token } = await engine.client.readState(box, "x");
  await expect(engine.client.settle(token, 1)).rejects.toMatchObject({ code: "CANCELLED" });
  expect(await engine.meter.flow("f")).toMatchObject({ runs: 1, final: true });
});

test("a cancellation before `close()` stays; one after it is refused, and the work continues at the next start", async () => {
  const { work, end, running } = deferredWork();
  const works = fn("test/works", async (ctx, name: string) => {
    await work(name);
    return ctx.sleep("1d");
  });
  const store = memory();
  const { engine, clock } = await start({ functions: [works], store });
  await engine.client.start(works, "one", { id: "one" });
  await engine.client.start(works, "two", { id: "two" });
  await clock.quiet();
  const cancelled = engine.client.cancel("one");
  const closed = engine.close();
  await expect(engine.client.cancel("two")).rejects.toMatchObject({ code: "CLOSED" });
  for (const name of running()) end(name);
  await clock.until(closed);
  expect(await cancelled).toBe(true);
  const next = await start({ functions: [works], store }, clock);
  await clock.advance(10);
  expect(await next.engine.client.status("one")).toMatchObject({ status: "cancelled" });
  expect(await next.engine.client.status("two")).toMatchObject({ status: "pending" });
  expect(await next.engine.client.cancel("two")).toBe(true);
  expect(store.count()).toMatchObject({ messages: 0, delayed: 0, watches: 0 });
});
