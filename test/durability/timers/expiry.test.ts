import { fn, memory, stateful, value } from "handback";
import { describe, expect, test } from "vitest";
import { deferredWork, start } from "../support/started-engine.ts";

describe("expiry", () => {
  const session = stateful("test/session", {
    ageOut: "10m",
    state: {
      user: value<string>(),
      visits: value(0),
      hint: value("none", { expireAfterWrite: "1m" }),
    },
    handlers: {
      visit(ctx, user: string) {
        ctx.state.user = user;
        ctx.state.hint = "fresh";
        return ++ctx.state.visits;
      },
    },
  });

  test("an aged-out state is gone for readers and handlers, collected or not", async () => {
    for (const idle of [599_999, 600_000, 660_001, 10_000_000]) {
      const store = memory();
      const { engine, clock } = await start({ functions: [session], store, retention: "1s" });
      // Not at an instant at which the engine scans for expired values.
      await clock.advance(1);
      await engine.client.call(session.visit, "ann", { id: "s" });
      await clock.advance(idle);
      const gone = idle >= 600_000;
      const seen: unknown = await engine.client
        .readState(session, "s")
        .catch((error: { code: string }) => error.code);
      expect(seen).toEqual(gone ? "NOT_FOUND" : { user: "ann", visits: 1, hint: "none" });
      if (idle > 700_000) expect(store.count()).toMatchObject({ state: 0 });
      expect(await engine.client.call(session.visit, "bob", { id: "s" })).toBe(gone ? 1 : 2);
    }
  });

  test("more expired values than one scan reads are collected soon", async () => {
    const store = memory();
    const noop = fn("test/noop", (_, n: number) => n);
    const { engine, clock } = await start({ functions: [noop], store, retention: "1s" });
    await Promise.all(Array.from({ length: 5_000 }, (_, n) => engine.client.start(noop, n)));
    await clock.quiet();
    expect(store.count()).toMatchObject({ state: 5_000 });
    await clock.advance(62_000);
    expect(store.count()).toMatchObject({ state: 0 });
  });

  test("a handler that started before its state aged out keeps the state", async () => {
    const { work, end } = deferredWork();
    const slow = stateful("test/slow", {
      ageOut: "10m",
      state: { kept: value("nothing"), touched: value(0) },
      handlers: {
        set(ctx, text: string) {
          ctx.state.kept = text;
        },
        async linger(ctx) {
          ctx.state.touched++;
          await work("linger");
        },
      },
    });
    const { engine, clock } = await start({ functions: [slow] });
    await engine.client.call(slow.set, "something", { id: "s" });
    await clock.advance(599_000);
    const lingering = engine.client.call(slow.linger, undefined, { id: "s" });
    await clock.advance(120_000);
    end("linger");
    await lingering;
    expect(await engine.client.readState(slow, "s")).toEqual({ kept: "something", touched: 1 });
  });
});
