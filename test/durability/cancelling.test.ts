import fc from "fast-check";
import { embedded, fn, memory } from "handback";
import type { Context, Future, FutureHandle, Settlement } from "handback";
import { expect, test } from "vitest";
import { VirtualClock } from "../../src/testing/simulation/virtual-clock.ts";
import { HeldStore } from "./held-store.ts";
import type { Visible } from "./held-store.ts";

/** Work that may be parked in any way there is. */
type Work =
  | { readonly do: "leaf"; readonly ms: number; readonly heeds: boolean }
  | { readonly do: "sleep"; readonly ms: number }
  | { readonly do: "event" | "promise" }
  | { readonly do: "all" | "race" | "any" | "settled" | "wait" | "input"; readonly parts: readonly Work[] }
  | { readonly do: "then" | "cleanUp" | "nested" | "handle" | "timeout" | "twice" | "background"; readonly part: Work };

interface Run {
  readonly startedAt: number;
  readonly cleansUp: boolean;
}

const { work } = fc.letrec<{ work: Work }>((tie) => ({
  work: fc.oneof(
    { depthSize: "medium", withCrossShrink: true },
    fc.record({ do: fc.constant("leaf"), ms: fc.nat(40), heeds: fc.boolean() } as const),
    fc.record({ do: fc.constant("sleep"), ms: fc.nat(60) } as const),
    fc.record({ do: fc.constantFrom("event", "promise") } as const),
    fc.record({
      do: fc.constantFrom("all", "race", "any", "settled", "wait", "input"),
      parts: fc.array(tie("work"), { minLength: 1, maxLength: 3, depthIdentifier: "parts" }),
    } as const),
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constantFrom("then", "cleanUp", "nested", "handle", "timeout", "twice", "background"),
        part: tie("work"),
      } as const),
    },
  ),
}));

/** Functions that do such work, and the runs that were begun. */
function makeWorkers(clock: VirtualClock) {
  const runs: Run[] = [];
  const begin = (cleansUp = false): void => void runs.push({ startedAt: clock.now(), cleansUp });
  const leaf = fn("work/leaf", async (ctx, { ms, heeds }: { ms: number; heeds: boolean }) => {
    begin();
    const worked = clock.work(ms);
    if (!heeds) return worked.then(() => ms);
    const { promise, reject } = Promise.withResolvers<never>();
    ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason));
    return Promise.race([worked.then(() => ms), promise]);
  });
  const next = fn("work/next", (_, _done: unknown) => begin());
  const cleanUp = fn("work/cleanUp", (_, _settlement: Settlement<unknown>) => begin(true));
  const both = fn("work/both", (_, _all: readonly unknown[]) => begin());
  const nested = fn("work/nested", (ctx, part: Work): Future<unknown> => {
    begin();
    return build(ctx, part);
  });
  const build = (ctx: Context, todo: Work): Future<unknown> => {
    switch (todo.do) {
      case "leaf":
        return ctx.invoke(leaf, todo);
      case "sleep":
        return ctx.sleep(todo.ms);
      case "event":
        return ctx.event("go");
      case "promise":
        return ctx.promise();
      case "then":
        return ctx.onComplete(build(ctx, todo.part), next);
      case "cleanUp":
        return ctx.onSettled(build(ctx, todo.part), cleanUp);
      case "nested":
        return ctx.invoke(nested, todo.part);
      case "handle":
        return ctx.future(build(ctx, todo.part).handle());
      case "timeout":
        return ctx.timeout(build(ctx, todo.part), 25);
      case "twice": {
        const once = build(ctx, todo.part);
        return ctx.all([ctx.timeout(once, 20), once]);
      }
      case "background":
        build(ctx, todo.part);
        return ctx.sleep(30);
      default:
        return gather(
          ctx,
          todo.do,
          todo.parts.map((part) => build(ctx, part)),
        );
    }
  };
  const gather = (ctx: Context, how: "all" | "race" | "any" | "settled" | "wait" | "input", parts: Future<unknown>[]): Future<unknown> => {
    switch (how) {
      case "settled":
        return ctx.allSettled(parts);
      case "wait":
        return ctx.wait(parts, { count: 1 });
      case "input":
        return ctx.invoke(both, parts);
      default:
        return ctx[how](parts);
    }
  };
  const start = fn("work/start", (ctx, todo: Work): Future<unknown> => build(ctx, todo));
  return { start, runs, functions: [leaf, next, cleanUp, both, nested, start] };
}

const setting = fc.record({
  todo: work,
  cancelAt: fc.nat(70),
  commits: fc.array(fc.nat(12), { minLength: 1, maxLength: 5 }),
  visible: fc.constantFrom<Visible>("at once", "when it resolves"),
  concurrency: fc.constantFrom(1, 2, 64),
});

test("a flow that is cancelled is over at once: nothing of it begins any more but what cleans up, and nothing is left of it", async () => {
  await fc.assert(
    fc.asyncProperty(setting, async ({ todo, cancelAt, commits, visible, concurrency }) => {
      const clock = new VirtualClock();
      const content = memory();
      let commit = 0;
      const store = new HeldStore(content, () => clock.work(commits[commit++ % commits.length] ?? 0), visible);
      const { start, runs, functions } = makeWorkers(clock);
      const { client, meter, close } = await embedded({ functions, store, clock, concurrency, retention: "1h" });
      const handle = await clock.until(client.start(start, todo, { id: "flow" }));
      await clock.advance(cancelAt);
      const result = handle.result().then(
        () => "completed",
        () => "failed",
      );
      const cancelled = await clock.until(client.cancel(handle));
      const cancelledAt = clock.now();
      const { status } = await client.status(handle);
      expect(cancelled ? ["cancelled"] : ["completed", "failed"]).toContain(status);
      expect(await clock.until(client.cancel(handle))).toBe(false);
      expect(await clock.until(result)).toBe(cancelled ? "failed" : status);
      await clock.advance(1_000);
      if (cancelled) {
        expect(runs.filter(({ startedAt, cleansUp }) => startedAt > cancelledAt && !cleansUp)).toEqual([]);
        expect(content.count()).toMatchObject({ messages: 0, delayed: 0 });
        expect(await meter.flow("flow")).toMatchObject({ blockedMs: 0, beta: 1, final: true });
        await clock.advance(10_800_000);
        expect(content.count()).toMatchObject({ state: 0 });
      }
      await clock.until(close());
    }),
    { numRuns: 300 },
  );
});

test("what a race has left behind is gone once it is decided, whatever it was", async () => {
  await fc.assert(
    fc.asyncProperty(setting, async ({ todo, commits, visible, concurrency }) => {
      const clock = new VirtualClock();
      const content = memory();
      let commit = 0;
      const store = new HeldStore(content, () => clock.work(commits[commit++ % commits.length] ?? 0), visible);
      const { runs, functions } = makeWorkers(clock);
      const [nested] = functions.filter(({ type }) => type === "work/nested");
      const race = fn("work/race", (ctx, loser: Work) => ctx.race([ctx.invoke(nested as never, loser as never), ctx.sleep(20)]));
      const { client, close } = await embedded({ functions: [...functions, race], store, clock, concurrency, retention: "1h" });
      await clock.until(client.call(race, todo).catch(() => undefined));
      const decidedAt = clock.now();
      const before = runs.length;
      await clock.advance(1_000);
      // Work that was fulfilled may have left something to go on behind it.
      const lost = before > 0 && decidedAt >= VirtualClock.startAt + 20 && !/background|wait/.test(JSON.stringify(todo));
      if (lost) expect(runs.slice(before).filter(({ cleansUp }) => !cleansUp)).toEqual([]);
      if (!/background|wait|twice|handle|event|promise/.test(JSON.stringify(todo))) {
        expect(content.count()).toMatchObject({ messages: 0, delayed: 0 });
        await clock.advance(10_800_000);
        expect(content.count()).toMatchObject({ state: 0 });
      }
      await clock.until(close());
    }),
    { numRuns: 300 },
  );
});

test("whoever holds a future can cancel it: all who wait for it are told, and its work is gone", async () => {
  const clock = new VirtualClock();
  const content = memory();
  const { runs, functions, start } = makeWorkers(clock);
  const give = fn("work/give", (ctx) => ({ handle: ctx.onComplete(ctx.sleep("14d"), functions[1] as never).handle() }));
  const take = fn("work/take", (ctx, handle: FutureHandle<unknown>) => ctx.future(handle));
  const cancel = fn("work/cancel", (ctx, handle: FutureHandle<unknown>) => ctx.cancel(ctx.future(handle)));
  const { client, close } = await embedded({ functions: [...functions, give, take, cancel], store: content, clock });
  const { handle } = await clock.until(client.call(give));
  const taken = client.call(take, handle).catch((error: unknown) => error);
  await clock.advance(1);
  expect(content.count().delayed).toBeGreaterThan(0);
  await clock.until(client.call(cancel, handle));
  expect(await clock.until(taken)).toMatchObject({ code: "CANCELLED" });
  expect(content.count()).toMatchObject({ messages: 0, delayed: 0 });
  expect(await clock.until(client.call(take, handle).catch((error: unknown) => error))).toMatchObject({ code: "CANCELLED" });
  expect(runs).toEqual([]);
  expect(start.type).toBe("work/start");
  await clock.until(close());
});
