import type { Context, Future, FutureHandle } from "handback";
import { fn, stateful, value } from "handback";
import fc from "fast-check";
import { expect } from "vitest";
import { naiveFlow } from "../../src/testing/flows/naive.ts";
import { flowOutcomeOf } from "../../src/testing/flows/outcome.ts";
import { splitFlow } from "../../src/testing/flows/split.ts";
import { flows } from "../../src/testing/flows/flows.ts";
import { referenceFlow } from "../../src/testing/flows/reference.ts";
import { law } from "./support/law.ts";
import { inWorld } from "./support/world.ts";

law(
  "10^5 tail calls take O(1) space: stored data does not grow with the number of calls",
  [fc.integer({ min: 2, max: 1000 }), fc.constantFrom("call", "continuation", "sleep")],
  (times, how) =>
    inWorld(async (world) => {
      const sizes = new Set<string>();
      const loop = fn("law/loop", (ctx, left: number): Future<string> | string => {
        if (left < times) sizes.add(JSON.stringify(world.store.count()));
        if (left === 0) return "done";
        if (how === "call") return ctx.invoke(loop, left - 1);
        return how === "sleep"
          ? ctx.invoke(loop, left - 1, { after: [ctx.sleep(1)] })
          : ctx.onComplete(ctx.resolved(left - 1), loop);
      });
      const client = await world.start([loop]);
      expect(await client.call(loop, times)).toBe("done");
      expect(sizes.size).toBe(1);
    }),
  { runs: 20 },
);

law(
  "10^5 tail calls end, and leave only the flow's record behind",
  [fc.constant(100_000)],
  (times) =>
    inWorld(async (world) => {
      const loop = fn("law/loop", (ctx, left: number): Future<string> | string =>
        left === 0 ? "done" : ctx.invoke(loop, left - 1),
      );
      const client = await world.start([loop]);
      expect(await client.call(loop, times)).toBe("done");
      expect(world.store.count()).toEqual({
        messages: 0,
        delayed: 0,
        watches: 0,
        state: 1,
        dead: 0,
      });
    }),
  { runs: 1 },
);

law("with concurrency 1, every split flow finishes", [flows()], (program) =>
  inWorld(async (world) => {
    const { run, functions } = splitFlow({ work: async () => undefined });
    const client = await world.start(functions, { concurrency: 1 });
    await expect(flowOutcomeOf(client.call(run, { program, input: null }))).resolves.toBeDefined();
  }),
);

law("with concurrency 1, every naive flow finishes", [flows()], (program) =>
  inWorld(async (world) => {
    const { run, functions } = naiveFlow({ work: (ms) => world.clock.work(ms) });
    const client = await world.start(functions, { concurrency: 1 });
    await expect(flowOutcomeOf(client.call(run, { program, input: null }))).resolves.toBeDefined();
  }),
);

law(
  "with concurrency 1, a naive flow without races has the outcome that the reference gives",
  [flows({ without: ["race", "any", "timeout", "wait"] })],
  (program) =>
    inWorld(async (world) => {
      const { run, functions } = naiveFlow({ work: (ms) => world.clock.work(ms) });
      const client = await world.start(functions, { concurrency: 1 });
      const outcome = await flowOutcomeOf(client.call(run, { program, input: null }));
      // Which of several leaves fails first depends on the slots.
      const nameless = (ended: unknown): string =>
        JSON.stringify(ended).replaceAll(/leaf \d+/g, "leaf");
      expect(nameless(outcome)).toBe(nameless(referenceFlow(program, null).outcome));
    }),
);

const COMBINED = ["all", "allSettled", "resolved", "race", "any", "wait"] as const;

law(
  "a get that needs a blocked handler, which needs the get's address, is a deadlock, through any combination of futures",
  [fc.array(fc.constantFrom(...COMBINED), { maxLength: 3 }), fc.integer({ min: 1, max: 3 })],
  (combined, concurrency) =>
    inWorld(async (world) => {
      const combine = (
        ctx: Context,
        future: Future<unknown>,
        how: (typeof COMBINED)[number],
      ): Future<unknown> => (how === "resolved" ? ctx.resolved([future]) : ctx[how]([future]));
      const codes: unknown[] = [];
      const kept = (get: Promise<unknown>): Promise<unknown> =>
        get.catch((error: { code: unknown }) => {
          codes.push(error.code);
          throw error;
        });
      const inner = fn("law/inner", async (ctx): Promise<unknown> =>
        kept(ctx.get(ctx.invoke(box.touch, undefined, { id: "a" }))),
      );
      const box = stateful("law/box", {
        state: { n: value(0) },
        handlers: {
          async outer(ctx): Promise<unknown> {
            const called: Future<unknown> = ctx.invoke(inner);
            return kept(
              ctx.get(combined.reduce((future, how) => combine(ctx, future, how), called)),
            );
          },
          touch: () => "touched",
        },
      });
      const client = await world.start([inner, box], { concurrency });
      await Promise.allSettled([client.call(box.outer, undefined, { id: "a" })]);
      expect(codes).toContain("DEADLOCK");
      expect(await client.call(box.touch, undefined, { id: "a" })).toBe("touched");
    }),
);

law(
  "futures that forward to each other in a ring, or to themselves, are rejected",
  [fc.integer({ min: 1, max: 6 }), fc.constantFrom("as it is", "joined", "continued")],
  (size, how) =>
    inWorld(async (world) => {
      const same = fn("law/same", (_, it: unknown) => it);
      const box = stateful("law/box", {
        state: { handle: value<FutureHandle<unknown>>() },
        handlers: {
          put(ctx, handle: FutureHandle<unknown>) {
            ctx.state.handle = handle;
          },
          follow(ctx): Future<unknown> {
            const next =
              ctx.state.handle === undefined ? ctx.rejected("empty") : ctx.future(ctx.state.handle);
            if (how === "joined") return ctx.all([next, ctx.resolved(1)]);
            return how === "continued" ? ctx.onComplete(next, same) : next;
          },
        },
      });
      const ring = fn("law/ring", (ctx) => {
        const futures = Array.from({ length: size }, (_, n) =>
          ctx.invoke(box.follow, undefined, { id: `b${n}`, after: [ctx.sleep(10)] }),
        );
        const put = futures.map((future, n) =>
          ctx.invoke(box.put, future.handle(), { id: `b${(n + 1) % size}` }),
        );
        return ctx.all([...put, ...futures]);
      });
      const client = await world.start([ring, box, same]);
      await expect(client.call(ring)).rejects.toMatchObject({ code: "DEADLOCK" });
    }),
);

/** Addresses in a ring, each blocked on the next one. */
law(
  "handlers that block on each other in a ring, or on themselves, are rejected",
  [fc.integer({ min: 1, max: 6 }), fc.boolean()],
  (size, deep) =>
    inWorld(async (world) => {
      const pass = fn("law/pass", (ctx, next: number): Future<number> =>
        ctx.invoke(node.call, next, { id: `n${next}` }),
      );
      const node = stateful("law/node", {
        state: { seen: value(0) },
        handlers: {
          async call(ctx, index: number): Promise<number> {
            const next = (index + 1) % size;
            return ctx.get(
              deep ? ctx.invoke(pass, next) : ctx.invoke(node.call, next, { id: `n${next}` }),
            );
          },
        },
      });
      const client = await world.start([node, pass]);
      const code = await client
        .call(node.call, 0, { id: "n0" })
        .catch((error: { code: string }) => error.code);
      expect(["DEADLOCK", "REENTRANT_CALL"]).toContain(code);
      if (size > 1) expect(code).toBe("DEADLOCK");
    }),
);

law(
  "no address starves another: between two turns of one address, each other one with messages gets at most one",
  [
    fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 2, maxLength: 6 }),
    fc.integer({ min: 1, max: 3 }),
  ],
  (backlogs, concurrency) =>
    inWorld(async (world) => {
      const turns: number[] = [];
      const worker = stateful("law/worker", {
        state: { done: value(0) },
        handlers: {
          async work(_, which: number) {
            turns.push(which);
            await world.clock.work(1);
          },
        },
      });
      const feed = fn("law/feed", (ctx) => {
        for (const [which, backlog] of backlogs.entries())
          for (let n = 0; n < backlog; n++) ctx.send(worker.work, which, { id: `w${which}` });
      });
      const client = await world.start([feed, worker], { concurrency });
      await client.call(feed);
      await world.clock.advance(1000);
      expect(turns.length).toBe(backlogs.reduce((sum, each) => sum + each, 0));
      for (const [which] of backlogs.entries()) {
        const own = turns.flatMap((turn, at) => (turn === which ? [at] : []));
        for (const [nth, at] of own.entries()) {
          const between = turns.slice(nth === 0 ? 0 : (own[nth - 1] ?? 0) + 1, at);
          expect(new Set(between).size).toBe(between.length);
        }
      }
    }),
);
