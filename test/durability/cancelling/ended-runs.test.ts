import { fn, memory, stateful, value } from "handback";
import type { Context, Fn, Future, RunEnding, Settlement } from "handback";
import { chain, retry, saga, withTimeout } from "handback/patterns";
import { everyCrash } from "handback/testing";
import { describe, expect, test } from "vitest";
import { start } from "../support/started-engine.ts";
import type { Bench } from "../support/started-engine.ts";

/** The end of a step's run, and the time that it works. */
interface Work {
  readonly ends: "well" | "throws" | "throws late" | "hands back" | "never";
  readonly ms: number;
}

const never = new Promise<never>(() => undefined);

function stepOf({ clock }: Pick<Bench, "clock">, { ends, ms }: Work) {
  return fn("test/step", { grace: "5s" }, async (ctx, _: unknown): Promise<unknown> => {
    await (ends === "never" ? never : clock.work(ms));
    if (ends === "throws" || ends === "throws late") throw new Error("no");
    return ends === "hands back" ? ctx.promise() : "done";
  });
}

const settlementOf = (told: unknown[]) =>
  fn("test/told", (_, settlement: Settlement<unknown>) => {
    if (settlement.status === "fulfilled") return void told.push("fulfilled, not canceled");
    const { run, fulfilled, reason } = settlement;
    told.push([run, fulfilled?.value, reason.code]);
  });

describe("clean-up of a call whose handler is running", () => {
  test.each<[Work, atMs: number, told: readonly [RunEnding, unknown]]>([
    [{ ends: "well", ms: 100 }, 100, ["fulfilled", "done"]],
    [{ ends: "throws late", ms: 100 }, 100, ["unknown", undefined]],
    [{ ends: "hands back", ms: 100 }, 100, ["unknown", undefined]],
    [{ ends: "never", ms: 0 }, 5_050, ["unknown", undefined]],
  ])("waits until the run has ended, and is told how: %o", async (work, atMs, [run, result]) => {
    const told: unknown[] = [];
    const clock = (await start({ functions: [] })).clock;
    const clean = settlementOf(told);
    const step = stepOf({ clock }, work);
    const main = fn("test/main", (ctx) => ctx.onSettled(ctx.invoke(step, 1), clean));
    const { engine } = await start({ functions: [main, step, clean] }, clock);
    const flow = await engine.client.start(main, undefined, { id: "f" });
    await clock.advance(50);
    await engine.client.cancel(flow);
    expect(await flow.status()).toMatchObject({ status: "cancelled" });
    await clock.advance(atMs - 51);
    expect(told).toEqual([]);
    await clock.advance(2);
    expect(told).toEqual([[run, result, "CANCELLED"]]);
  });

  test("is told that it never began, or that an attempt threw before, if none is running", async () => {
    const told: unknown[] = [];
    const clean = settlementOf(told);
    const busy = stateful("test/busy", {
      state: { n: value(0) },
      handlers: { hold: () => clock.work(100), add: (ctx) => ++ctx.state.n },
    });
    const flaky = fn("test/flaky", { retry: { maxAttempts: 9, initialDelay: "1h" } }, () => {
      throw new Error("not yet");
    });
    const main = fn("test/main", (ctx) => [
      ctx.onSettled(ctx.invoke(busy.add, undefined, { id: "b" }), clean),
      ctx.onSettled(ctx.invoke(flaky), clean),
    ]);
    const { engine, clock } = await start({ functions: [main, busy, flaky, clean] });
    await engine.client.start(busy.hold, undefined, { id: "b", key: "hold" });
    await clock.quiet();
    const flow = await engine.client.start(main, undefined, { id: "f" });
    await clock.advance(10);
    await engine.client.cancel(flow);
    await clock.advance(10);
    expect(told).toHaveLength(2);
    expect(told).toEqual(
      expect.arrayContaining([
        ["neverBegan", undefined, "CANCELLED"],
        ["threw", undefined, "CANCELLED"],
      ]),
    );
  });

  test("has the late effects of a run fenced that is given up", async () => {
    const told: unknown[] = [];
    const errors: unknown[] = [];
    const clean = settlementOf(told);
    const box = stateful("test/box", {
      state: { n: value(0) },
      grace: "1s",
      handlers: {
        async add(ctx) {
          await clock.work(2_000);
          try {
            ctx.state.n++;
          } catch (error) {
            errors.push(error);
          }
          return ctx;
        },
        read: (ctx) => ctx.state.n,
      },
    });
    const main = fn("test/main", (ctx) =>
      ctx.onSettled(ctx.invoke(box.add, undefined, { id: "b" }), clean),
    );
    const log: string[] = [];
    const { engine, clock } = await start({
      functions: [main, box, clean],
      log: { ...console, warn: (line) => void log.push(line) },
    });
    const flow = await engine.client.start(main, undefined, { id: "f" });
    await clock.advance(10);
    await engine.client.cancel(flow);
    await clock.advance(1_020);
    expect(told).toEqual([["unknown", undefined, "CANCELLED"]]);
    expect(log).toEqual([expect.stringContaining("did not end within 1000 ms")]);
    expect(await engine.client.call(box.read, undefined, { id: "b" })).toBe(0);
    await clock.advance(2_000);
    expect(errors).toMatchObject([{ code: "STALE_ATTEMPT" }]);
    expect(await engine.client.call(box.read, undefined, { id: "b" })).toBe(0);
    expect(await engine.meter.flow("f")).toMatchObject({ final: true });
  });

  test("waits for every run below a join, a race, a first or a wait", async () => {
    for (const how of ["all", "race", "any", "first", "wait", "allSettled"] as const) {
      const told: unknown[] = [];
      const clock = (await start({ functions: [] })).clock;
      const clean = fn(
        "test/clean",
        (_, _settlement: unknown) => void told.push(clock.now() - startedAt),
      );
      const works = fn("test/works", (_, ms: number) => clock.work(ms));
      const join = (ctx: Context): Future<unknown> => {
        const parts = [ctx.invoke(works, 100), ctx.invoke(works, 300), ctx.sleep("1h")];
        return how === "first" ? ctx.first(2, parts) : ctx[how](parts);
      };
      const main = fn("test/main", (ctx) => ctx.onSettled(join(ctx), clean));
      const { engine } = await start({ functions: [main, works, clean] }, clock);
      const startedAt = clock.now();
      const flow = await engine.client.start(main, undefined, { id: "f" });
      await clock.advance(50);
      await engine.client.cancel(flow);
      await clock.advance(1_000);
      expect([how, told]).toEqual([how, [300]]);
    }
  });

  test.each([
    ["retry", retry],
    ["chain", (type: string, f: Fn<string, string>) => chain(type, f, (id: string) => id)],
  ])("runs after the clean-ups inside it, with what they end with: %s", async (_, around) => {
    const said: string[] = [];
    const clock = (await start({ functions: [] })).clock;
    const charge = fn("test/charge", async (_, id: string) => (await clock.work(100), id));
    const undo = fn("test/undo", (_, id: string) => void said.push(`undo ${id}`));
    const f = saga(
      "test/outer",
      { do: around("test/around", charge), undo },
      fn("test/next", (_, id: string) => id),
    );
    const { engine } = await start({ functions: [f] }, clock);
    const flow = await engine.client.start(f, "o", { id: "o" });
    await clock.advance(50);
    await engine.client.cancel(flow);
    await clock.advance(100);
    expect(said).toEqual(["undo o"]);
  });
});

test("ifUnsure has the idempotency key of its step, at whichever commit the process crashes", async () => {
  const keys = { do: new Set<string>(), ifUnsure: new Set<string>() };
  const nothing = fn("test/nothing", (_, _id: string) => undefined);
  const make = (work: (ms: number) => Promise<void>) => {
    const charge = fn("test/charge", async (ctx, id: string) => {
      keys.do.add(ctx.idempotencyKey);
      await work(10);
      if (ctx.signal.aborted) throw new Error("aborted");
      return id;
    });
    const findOut = fn("test/find-out", (ctx, _id: string) => {
      keys.ifUnsure.add(ctx.idempotencyKey);
    });
    const step = withTimeout("test/limited", charge, "1h");
    return saga("test/saga", { do: step, undo: nothing, ifUnsure: findOut });
  };
  const f = make(async () => undefined);
  await everyCrash({ functions: ({ work }) => [make(work)] }, async (t) => {
    const flow = await t.client.start(f, "o", { id: "o" });
    await t.advance(5);
    await t.client.cancel(flow);
    await t.idle();
  });
  expect(keys.ifUnsure.size).toBeGreaterThan(0);
  expect([...keys.ifUnsure].filter((key) => !keys.do.has(key))).toEqual([]);
});

test("60 orders that are canceled while their charge runs are not charged in the end", async () => {
  const charged = new Set<string>();
  const clock = (await start({ functions: [] })).clock;
  const charge = fn("test/charge", async (_, id: string) => {
    await clock.work(20 + (Number(id) % 7));
    charged.add(id);
    return id;
  });
  const refund = fn("test/refund", (_, id: string) => void charged.delete(id));
  const f = saga("test/order", { do: charge, undo: refund, ifUnsure: refund });
  const { engine } = await start({ functions: [f], store: memory() }, clock);
  const flows = await Promise.all(
    Array.from({ length: 60 }, (_, n) => engine.client.start(f, `${n}`, { id: `${n}` })),
  );
  for (const flow of flows) {
    await clock.advance(0.3);
    await engine.client.cancel(flow);
  }
  await clock.advance(1_000);
  expect(charged.size).toBe(0);
  for (const flow of flows) expect(await flow.status()).toMatchObject({ status: "cancelled" });
});
