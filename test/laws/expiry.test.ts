import type { FutureHandle } from "handback";
import { fn, stateful, value } from "handback";
import fc from "fast-check";
import { expect } from "vitest";
import { law } from "./support/law.ts";
import { ending } from "./support/values.ts";
import { inWorld } from "./support/world.ts";

const DAY_MS = 86_400_000;
/** Just before, at, and just after an instant; and anywhere. */
const near = (ms: number): fc.Arbitrary<number> =>
  fc.oneof(fc.constantFrom(ms - 1, ms, ms + 1), fc.nat(2 * ms)).map((each) => Math.max(0, each));
const lives = fc.integer({ min: 1, max: 50 }).chain((lifeMs) =>
  fc.tuple(
    fc.constant(lifeMs),
    fc.array(fc.record({ afterMs: near(lifeMs), writes: fc.boolean() }), {
      minLength: 1,
      maxLength: 8,
    }),
  ),
);

law(
  "expiry is exact: a value exists before the instant and is initial from it on, counted from the last write",
  [lives, fc.constantFrom("expireAfterWrite", "expireAfterCall")],
  ([lifeMs, steps], kind) =>
    inWorld(async (world) => {
      const keeper = stateful("law/keeper", {
        state: { kept: value(0, { [kind]: lifeMs }) },
        handlers: {
          write: (ctx, n: number) => (ctx.state.kept = n),
          look: (ctx) => ctx.state.kept,
        },
      });
      const client = await world.start([keeper]);
      let [expected, expiresAt] = [0, Infinity];
      for (const [nth, { afterMs, writes }] of steps.entries()) {
        await world.clock.advance(afterMs);
        if (world.nowMs >= expiresAt) [expected, expiresAt] = [0, Infinity];
        if (expected > 0) expect(await client.readState(keeper, "k")).toEqual({ kept: expected });
        else expect((await client.readState(keeper, "k").catch(() => ({ kept: 0 }))).kept).toBe(0);
        if (writes) [expected, expiresAt] = [nth + 1, world.nowMs + lifeMs];
        else if (kind === "expireAfterCall" && expected > 0) expiresAt = world.nowMs + lifeMs;
        expect(
          await (writes
            ? client.call(keeper.write, nth + 1, { id: "k" })
            : client.call(keeper.look, undefined, { id: "k" })),
        ).toBe(expected);
      }
    }),
);

law(
  "expiry never races a queued operation: each sees the state at the instant at which it begins",
  [fc.integer({ min: 1, max: 20 }), fc.array(fc.nat(25), { minLength: 1, maxLength: 5 })],
  (lifeMs, works) =>
    inWorld(async (world) => {
      const keeper = stateful("law/keeper", {
        state: { kept: value("initial", { expireAfterWrite: lifeMs }) },
        handlers: {
          write(ctx) {
            ctx.state.kept = "written";
          },
          async work(ctx, ms: number) {
            const before = ctx.state.kept;
            await world.clock.work(ms);
            // Nothing changes in the middle of a handler.
            return [before, ctx.state.kept];
          },
        },
      });
      const client = await world.start([keeper]);
      const all = fn("law/all", (ctx) =>
        ctx.all([
          ctx.invoke(keeper.write, undefined, { id: "k" }),
          ...works.map((ms) => ctx.invoke(keeper.work, ms, { id: "k" })),
        ]),
      );
      const again = await world.start([keeper, all]);
      expect(client).toBeDefined();
      const [, ...seen] = await again.call(all);
      let at = 0;
      for (const [nth, ms] of works.entries()) {
        const expected = at < lifeMs ? "written" : "initial";
        expect(seen[nth]).toEqual([expected, expected]);
        at += ms;
      }
    }),
);

law(
  "a state ages out as a whole, exactly, counted from its last message, and later operations on a generated id say NOT_FOUND",
  [lives, fc.boolean()],
  ([lifeMs, steps], named) =>
    inWorld(async (world) => {
      const holder = stateful("law/holder", {
        state: { count: value(0), other: value("") },
        ageOut: lifeMs,
        handlers: {
          add(ctx, n: number) {
            ctx.state.other = "x".repeat(ctx.state.count + n);
            return (ctx.state.count += n);
          },
        },
      });
      const make = fn("law/make", (ctx) => ctx.invoke(holder.add, 1).stateId);
      const client = await world.start([holder, make]);
      const id = named ? "named" : await client.call(make);
      if (named) await client.call(holder.add, 1, { id });
      let [count, expiresAt] = [1, world.nowMs + lifeMs];
      for (const { afterMs } of steps) {
        await world.clock.advance(afterMs);
        const isGone = world.nowMs >= expiresAt;
        const answer = await client
          .call(holder.add, 1, { id })
          .catch((error: { code: string }) => error.code);
        if (isGone && !named) {
          expect(answer).toBe("NOT_FOUND");
          break;
        }
        count = isGone ? 1 : count + 1;
        expiresAt = world.nowMs + lifeMs;
        expect(answer).toBe(count);
        expect(await client.readState(holder, id)).toEqual({ count, other: "x".repeat(count) });
      }
    }),
);

law(
  "collection deletes expired values, and no others",
  [
    fc.array(fc.record({ id: fc.nat(5), lifeMs: fc.constantFrom(10, 1000, 30 * DAY_MS) }), {
      maxLength: 10,
    }),
  ],
  (writes) =>
    inWorld(async (world) => {
      const keeper = stateful("law/keeper", {
        state: {
          short: value(0, { expireAfterWrite: 10 }),
          long: value(0, { expireAfterWrite: 1000 }),
          longest: value(0, { expireAfterWrite: 30 * DAY_MS }),
        },
        handlers: {
          write(ctx, ms: number) {
            if (ms === 10) ctx.state.short = 1;
            else if (ms === 1000) ctx.state.long = 1;
            else ctx.state.longest = 1;
          },
        },
      });
      const client = await world.start([keeper], { retention: 1 });
      for (const { id, lifeMs } of writes)
        await client.call(keeper.write, lifeMs, { id: `k${id}` });
      await world.clock.advance(3 * 60_000);
      expect(world.store.count().state).toBe(
        new Set(writes.flatMap(({ id, lifeMs }) => (lifeMs > DAY_MS ? [id] : []))).size,
      );
    }),
);

const retained = fc
  .tuple(fc.integer({ min: 1, max: 50 }), fc.nat(60))
  .chain(([retentionMs, settlesMs]) =>
    fc.tuple(fc.constant(retentionMs), fc.constant(settlesMs), near(settlesMs + retentionMs)),
  );

law(
  "settled futures are kept for exactly the retention time, and later requests get EXPIRED or NOT_FOUND without waiting",
  [retained],
  ([retentionMs, settlesMs, askedMs]) =>
    inWorld(async (world) => {
      const begin = fn("law/begin", (ctx) => ({
        work: ctx.onComplete(ctx.sleep(settlesMs), done).handle(),
      }));
      const done = fn("law/done", () => "done");
      const main = fn("law/main", (ctx) => ctx.onComplete(ctx.sleep(settlesMs), done));
      const follow = fn("law/follow", (ctx, handle: FutureHandle<string>) => ctx.future(handle));
      const client = await world.start([begin, done, main, follow], { retention: retentionMs });
      const { work } = await client.call(begin);
      const flow = await client.start(main, undefined, { id: "f" });
      expect(work.retainUntil).toBe(world.clock.now() + retentionMs);
      await world.clock.advance(askedMs);
      const isKept = askedMs < settlesMs + retentionMs;
      expect(await ending(client.call(follow, work))).toEqual(
        isKept ? { value: "done" } : { code: "EXPIRED", why: expect.anything() },
      );
      if (askedMs !== settlesMs)
        expect(await ending(flow.result())).toEqual(
          isKept ? { value: "done" } : { code: "NOT_FOUND", why: expect.anything() },
        );
    }),
);
