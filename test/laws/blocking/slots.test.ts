import { fn, HandbackError, stateful, value } from "handback";
import type { Context, Future, FutureHandle } from "handback";
import fc from "fast-check";
import { expect } from "vitest";
import { law } from "../support/law.ts";
import { inWorld } from "../support/world.ts";

/** The steps of a handler that blocks. `both` blocks on several calls with one get or with many. */
type Step =
  | { readonly work: number }
  | { readonly sleep: number }
  | { readonly call: readonly Step[] }
  | { readonly both: readonly (readonly Step[])[]; readonly in: "one get" | "many gets" };

const programs = fc.letrec<{ step: Step; program: readonly Step[] }>((tie) => ({
  step: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.record({ work: fc.integer({ min: 0, max: 20 }) }),
    fc.record({ sleep: fc.integer({ min: 0, max: 50 }) }),
    fc.record({ call: tie("program") }),
    fc.record({
      both: fc.array(tie("program"), { minLength: 1, maxLength: 3 }),
      in: fc.constantFrom("one get", "many gets"),
    }),
  ),
  program: fc.array(tie("step"), { maxLength: 3 }),
})).program;

const callsOf = (program: readonly Step[]): readonly (readonly Step[])[] =>
  program.flatMap((step) => ("call" in step ? [step.call] : "both" in step ? step.both : []));
const countHandlers = (program: readonly Step[]): number =>
  callsOf(program).reduce((sum, called) => sum + countHandlers(called), 1);

law(
  "handlers that block hold no slots: all calls end, and no more handlers work at once than there are slots",
  [fc.array(programs, { minLength: 1, maxLength: 8 }), fc.integer({ min: 1, max: 4 })],
  (started, concurrency) =>
    inWorld(async (world) => {
      let [working, most] = [0, 0];
      const begin = (): void => void (most = Math.max(most, ++working));
      const blocked = async <T>(gets: Promise<T>): Promise<T> => {
        working--;
        return gets.finally(begin);
      };
      const perform = async (ctx: Context, step: Step): Promise<number> => {
        if ("work" in step) return world.clock.work(step.work).then(() => 0);
        if ("sleep" in step) return blocked(ctx.get(ctx.sleep(step.sleep))).then(() => 0);
        if ("call" in step) return blocked(ctx.get(ctx.invoke(run, step.call)));
        const calls = step.both.map((called) => ctx.invoke(run, called));
        const counts =
          step.in === "one get"
            ? ctx.get(ctx.all(calls))
            : Promise.all(calls.map((f) => ctx.get(f)));
        return blocked(counts).then((each) => each.reduce((sum, count) => sum + count, 0));
      };
      const run = fn("law/run", async (ctx, program: readonly Step[]): Promise<number> => {
        begin();
        let handlers = 1;
        for (const step of program) handlers += await perform(ctx, step);
        working--;
        return handlers;
      });
      const client = await world.start([run], { concurrency });
      const counts = await Promise.all(started.map((program) => client.call(run, program)));
      expect(counts).toEqual(started.map(countHandlers));
      expect(most).toBeLessThanOrEqual(concurrency);
      expect(working).toBe(0);
    }),
);

law(
  "a handler whose reply came continues before handlers that have not started",
  [fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 20 })],
  (slots, fresh) =>
    inWorld(async (world) => {
      const order: string[] = [];
      const asks = fn("law/asks", async (ctx) => {
        await ctx.get(ctx.event("go"));
        order.push("continued");
      });
      const works = fn("law/works", async (_, name: string) => {
        order.push(name);
        await world.clock.work(100);
      });
      const client = await world.start([asks, works], { concurrency: slots });
      await client.start(asks, undefined, { id: "asks" });
      await world.clock.quiet();
      const names = Array.from({ length: slots + fresh }, (_, n) => `fresh ${n}`);
      await Promise.all(names.map((name) => client.start(works, name)));
      await world.clock.quiet();
      expect(order).toEqual(names.slice(0, slots));
      await client.signal("asks", "go");
      await client.flow("asks").result();
      expect(order[slots]).toBe("continued");
    }),
  { runs: 30 },
);

law(
  "at the limit of blocked handlers a further get is OVERLOADED, before its handler has sent anything",
  [fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 })],
  (blockedLimit, handlers) =>
    inWorld(async (world) => {
      let called = 0;
      const leaf = fn("law/leaf", () => void called++);
      const asks = fn("law/asks", async (ctx) => {
        const before = ctx.invoke(leaf);
        const one = ctx.get(ctx.event("go"));
        // A handler that is blocked may have more gets.
        await Promise.all([one, ctx.get(ctx.event("go")), ctx.get(before)]);
        return "went";
      });
      const client = await world.start([asks, leaf], { blockedLimit, concurrency: 3 });
      const ids = Array.from({ length: handlers }, (_, n) => `asks ${n}`);
      await Promise.all(ids.map((id) => client.start(asks, undefined, { id })));
      await world.clock.quiet();
      const signals = Promise.allSettled([...ids, ...ids].map((id) => client.signal(id, "go")));
      const outcomes = await Promise.all(
        ids.map((id) =>
          client
            .flow(id)
            .result()
            .catch((error: unknown) => HandbackError.is(error) && error.code),
        ),
      );
      await signals;
      const went = Math.min(blockedLimit, handlers);
      expect(outcomes.filter((outcome) => outcome === "went")).toHaveLength(went);
      expect(outcomes.filter((outcome) => outcome === "OVERLOADED")).toHaveLength(handlers - went);
      expect(called).toBe(went);
    }),
  { runs: 50 },
);

law(
  "a deadlock that closes without a get and without a queued message is found within two seconds",
  [fc.integer({ min: 1, max: 100 })],
  (ms) =>
    inWorld(async (world) => {
      const shelf: { handle?: FutureHandle<unknown> } = {};
      const follows = fn("law/follows", async (ctx): Promise<Future<unknown>> => {
        await world.clock.work(ms);
        return shelf.handle === undefined ? ctx.rejected("empty") : ctx.future(shelf.handle);
      });
      const box = stateful("law/box", {
        state: { n: value(0) },
        handlers: {
          hold: async (ctx): Promise<unknown> => ctx.get(ctx.invoke(follows)),
          touch: () => "touched",
        },
      });
      const root = fn("law/root", (ctx) => {
        const held = ctx.invoke(box.hold, undefined, { id: "a" });
        const touched = ctx.invoke(box.touch, undefined, { id: "a" });
        shelf.handle = touched.handle();
        return ctx.allSettled([held, touched]);
      });
      const client = await world.start([root, box, follows]);
      expect(JSON.stringify(await client.call(root))).toContain("REENTRANT_CALL");
      expect(world.nowMs).toBeLessThan(ms + 2_000);
    }),
  { runs: 20 },
);
