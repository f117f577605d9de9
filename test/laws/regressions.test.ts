import type { Context, Future, FutureHandle, Settlement, Waited } from "handback";
import { fn } from "handback";
import fc from "fast-check";
import { expect } from "vitest";
import { law } from "./support/law.ts";
import { ending } from "./support/values.ts";
import { inWorld } from "./support/world.ts";

/** Bugs that other libraries have shipped, as laws. */

const HOUR_MS = 3_600_000;

law(
  "a completion counts even if it comes before the wait is registered, or between registration and parking",
  [fc.constantFrom("promise", "event", "handle"), fc.nat(30), fc.nat(30)],
  (kind, completedMs, waitsMs) =>
    inWorld(async (world) => {
      const wait = fn(
        "law/wait",
        async (ctx, { args }: { result: unknown; args: FutureHandle<unknown> }) => {
          // The completion may come while this handler runs: after the request, before parking.
          const future = kind === "event" ? ctx.event("e") : ctx.future(args);
          await world.clock.work(5);
          return future;
        },
      );
      const main = fn("law/main", (ctx) => {
        const promise = ctx.promise();
        ctx.setStatus(promise.token);
        return ctx.onComplete(ctx.sleep(waitsMs), wait, promise.handle());
      });
      const client = await world.start([main, wait]);
      const flow = await client.start(main, undefined, { id: "f" });
      await world.clock.quiet();
      const { custom } = await flow.status();
      await world.at([
        {
          ms: completedMs,
          happens: () =>
            kind === "event"
              ? client.signal("f", "e", "done")
              : client.settle(String(custom), "done"),
        },
      ]);
      expect(await flow.result()).toBe("done");
      expect(world.nowMs).toBe(Math.max(completedMs, waitsMs + 5));
    }),
);

law(
  "a race's loser does not swallow the next event",
  [fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 })],
  (rounds, events) =>
    inWorld(async (world) => {
      const round = fn("law/round", (ctx, left: number): Future<unknown> =>
        left === 0
          ? ctx.all(Array.from({ length: events }, () => ctx.event("e")))
          : ctx.onComplete(ctx.race([ctx.event("e"), ctx.sleep(10)]), again, left - 1),
      );
      const again = fn("law/again", (ctx, { args }: { result: unknown; args: number }) =>
        ctx.invoke(round, args),
      );
      const client = await world.start([round, again]);
      const flow = await client.start(round, rounds, { id: "f" });
      await world.clock.advance(10 * rounds + 5);
      for (let n = 0; n < events; n++) await client.signal("f", "e", n);
      expect(await flow.result()).toEqual(Array.from({ length: events }, (_, n) => n));
    }),
);

law(
  "losers do not hold a flow, a handler slot or the process",
  [fc.integer({ min: 1, max: 20 }), fc.constantFrom("sleep", "promise", "event", "timeout")],
  (losers, kind) =>
    inWorld(async (world) => {
      const park = (ctx: Context): Future<unknown> => {
        if (kind === "sleep") return ctx.sleep("14d");
        if (kind === "event") return ctx.event("e");
        return kind === "promise" ? ctx.promise() : ctx.timeout(ctx.promise(), "14d");
      };
      const main = fn("law/main", (ctx) =>
        ctx.race([...Array.from({ length: losers }, () => park(ctx)), ctx.resolved("won")]),
      );
      const client = await world.start([main], { retention: 1 });
      expect(await client.call(main)).toBe("won");
      await world.clock.quiet();
      expect(world.messages).toBe(0);
      await world.clock.advance(3 * 60_000);
      expect(world.store.count().state).toBe(0);
    }),
);

law(
  "settlements after the end of a wait are not added to it",
  [
    fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 8 }),
    fc.integer({ min: 1, max: 20 }),
  ],
  (delays, timeoutMs) =>
    inWorld(async (world) => {
      const gathered: unknown[] = [];
      const wake = fn("law/wake", (_, { args }: { result: void; args: number }) => args);
      const gather = fn("law/gather", (ctx, { ready, pending }: Waited<number>) => {
        gathered.push(ready.length + pending.length);
        return ctx.onComplete(ctx.sleep(100), wake, ready.length);
      });
      const main = fn("law/main", (ctx) =>
        ctx.onComplete(
          ctx.wait(
            delays.map((ms) => ctx.onComplete(ctx.sleep(ms), wake, ms)),
            { timeout: timeoutMs },
          ),
          gather,
        ),
      );
      const client = await world.start([main, wake, gather]);
      const ready = await client.call(main);
      expect(gathered).toEqual([delays.length]);
      expect(ready).toBeGreaterThanOrEqual(delays.filter((ms) => ms < timeoutMs).length);
      expect(ready).toBeLessThanOrEqual(delays.filter((ms) => ms <= timeoutMs).length);
      expect(world.messages).toBe(0);
    }),
);

law(
  "empty combinators behave as in JavaScript, anywhere in a flow",
  [fc.constantFrom("returned", "input", "continued", "nested", "handle")],
  (where) =>
    inWorld(async (world) => {
      const same = fn("law/same", (_, given: unknown) => given);
      const inner = fn("law/inner", (ctx, kind: string): unknown => empty(ctx, kind));
      const empty = (ctx: Context, kind: string): Future<unknown> => {
        if (kind === "all") return ctx.all([]);
        if (kind === "allSettled") return ctx.allSettled([]);
        return kind === "any" ? ctx.any([]) : ctx.wait([]);
      };
      const main = fn("law/main", (ctx, kind: string): unknown => {
        if (kind === "race") return ctx.race([]);
        if (where === "input") return ctx.invoke(same, empty(ctx, kind));
        if (where === "continued") return ctx.onComplete(empty(ctx, kind), same);
        if (where === "handle") return ctx.future(empty(ctx, kind).handle());
        return where === "nested" ? ctx.invoke(inner, kind) : empty(ctx, kind);
      });
      const client = await world.start([main, same, inner]);
      expect(await client.call(main, "all")).toEqual([]);
      expect(await client.call(main, "allSettled")).toEqual([]);
      expect(await client.call(main, "wait")).toEqual({ ready: [], pending: [] });
      await expect(client.call(main, "any")).rejects.toMatchObject({
        code: "FUNCTION_FAILED",
        cause: { name: "AggregateError", errors: [] },
      });
      await expect(client.call(main, "race")).rejects.toMatchObject({ code: "EMPTY_RACE" });
      expect(world.nowMs).toBe(0);
    }),
  { runs: 10 },
);

const falsy = fc.constantFrom<unknown>(undefined, null, false, 0, -0, "", Number.NaN, 0n);

law(
  "falsy results survive every combinator, continuation, handle, event, promise and wait",
  [falsy],
  (value) =>
    inWorld(async (world) => {
      const give = fn("law/give", () => value);
      const same = fn("law/same", (_, given: unknown) => given);
      const both = fn("law/both", (_, { result, args }: { result: unknown; args: unknown }) => [
        result,
        args,
      ]);
      const main = fn("law/main", (ctx) => {
        const promise = ctx.promise();
        ctx.setStatus(promise.token);
        const given = (): Future<unknown> => ctx.invoke(give);
        return {
          all: ctx.all([given(), given()]),
          settled: ctx.allSettled([given()]),
          race: ctx.race([given()]),
          any: ctx.any([ctx.rejected("no"), given()]),
          timeout: ctx.timeout(given(), HOUR_MS),
          waited: ctx.wait([given()]),
          continued: ctx.onComplete(given(), same),
          both: ctx.onComplete(given(), both, value),
          handle: ctx.future(given().handle()),
          known: ctx.resolved(value),
          promise,
          event: ctx.event("e"),
        };
      });
      const client = await world.start([main, give, same, both]);
      const flow = await client.start(main, undefined, { id: "f" });
      await client.signal("f", "e", value);
      await client.settle(String((await flow.status()).custom), value);
      const fulfilled = { status: "fulfilled", value };
      expect(await flow.result()).toEqual({
        all: [value, value],
        settled: [fulfilled],
        race: value,
        any: value,
        timeout: value,
        waited: { ready: [{ index: 0, ...fulfilled }], pending: [] },
        continued: value,
        both: [value, value],
        handle: value,
        known: value,
        promise: value,
        event: value,
      });
    }),
  { runs: 30 },
);

law(
  "errors after the first error change nothing, and can still be read",
  [fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 6 })],
  (delays) =>
    inWorld(async (world) => {
      const fail = fn("law/fail", (_, { args }: { result: void; args: number }) => {
        throw new Error(`after ${args}`);
      });
      const heard: string[] = [];
      const hear = fn(
        "law/hear",
        (_, { result, args }: { result: Settlement<unknown>; args: string }) => {
          heard.push(`${args}: ${result.status === "rejected" ? result.reason.message : "fine"}`);
        },
      );
      const receive = fn("law/receive", (_, { all }: { all: readonly Settlement<unknown>[] }) => {
        for (const each of all)
          heard.push(`receive: ${each.status === "rejected" ? each.reason.message : "fine"}`);
      });
      const main = fn("law/main", (ctx) => {
        const failing = delays.map((ms) => ctx.onComplete(ctx.sleep(ms), fail, ms));
        ctx.setStatus(failing.map((future) => future.handle()));
        // All consumers of the join get one failure: a single one, several, and a join that
        // continues.
        ctx.send(receive, { all: ctx.allSettled([ctx.all(failing)]) });
        ctx.onSettled(ctx.all(failing), hear, "alone");
        const joined = ctx.all(failing);
        ctx.onSettled(joined, hear, "one");
        ctx.onSettled(joined, hear, "other");
        return joined;
      });
      const follow = fn("law/follow", (ctx, handles: readonly FutureHandle<unknown>[]) =>
        ctx.allSettled(handles.map((handle) => ctx.future(handle))),
      );
      const client = await world.start([main, fail, follow, hear, receive]);
      const flow = await client.start(main, undefined, { id: "f" });
      const first = `after ${Math.min(...delays)}`;
      expect(await ending(flow.result())).toEqual({ code: "FUNCTION_FAILED", why: first });
      await world.clock.advance(100);
      expect(await ending(flow.result())).toEqual({ code: "FUNCTION_FAILED", why: first });
      expect(heard.toSorted()).toEqual(
        ["alone", "one", "other", "receive"].map((who) => `${who}: ${first}`),
      );
      const { custom, status } = await flow.status();
      expect(status).toBe("failed");
      expect(await client.call(follow, custom as FutureHandle<unknown>[])).toMatchObject(
        delays.map((ms) => ({ status: "rejected", reason: { message: `after ${ms}` } })),
      );
      expect(world.messages).toBe(0);
    }),
);

law(
  "`close()` with pending work returns at once, and the work continues after the next start",
  [
    fc.constantFrom("sleep", "promise", "event", "get", "retry", "slots"),
    fc.integer({ min: 1, max: 5 }),
  ],
  (kind, count) =>
    inWorld(async (world) => {
      const flaky = fn("law/flaky", { retry: { maxAttempts: 2, initialDelay: HOUR_MS } }, (ctx) => {
        if (ctx.attempt === 1) throw new Error("again");
      });
      const main = fn("law/main", (ctx): unknown => {
        if (kind === "sleep") return ctx.sleep(HOUR_MS);
        if (kind === "retry") return ctx.invoke(flaky);
        if (kind === "get" || kind === "slots") return ctx.get(ctx.sleep(HOUR_MS));
        if (kind === "event") return ctx.event("e");
        const promise = ctx.promise();
        ctx.setStatus(promise.token);
        return promise;
      });
      const options = kind === "slots" ? { concurrency: count } : {};
      const client = await world.start([main, flaky], options);
      const flows = await Promise.all(
        Array.from({ length: count }, (_, n) => client.start(main, undefined, { id: `f${n}` })),
      );
      await world.clock.advance(10);
      const tokens = await Promise.all(
        flows.map(async (flow) => String((await flow.status()).custom)),
      );
      await world.stop();
      expect(world.nowMs).toBe(10);
      const again = await world.start([main, flaky], options);
      for (const [n, token] of tokens.entries()) {
        if (kind === "promise") await again.settle(token, n);
        if (kind === "event") await again.signal(`f${n}`, "e", n);
      }
      for (const n of tokens.keys()) await again.flow(`f${n}`).result();
      expect(world.nowMs).toBeLessThanOrEqual(2 * HOUR_MS + 20);
    }),
  { runs: 30 },
);
