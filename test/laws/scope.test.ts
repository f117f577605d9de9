import { fn } from "handback";
import type { Context, Future, Settlement } from "handback";
import fc from "fast-check";
import { expect } from "vitest";
import { onMemory, onPoorestLosing } from "../conformance/host.ts";
import { law } from "./support/law.ts";
import { ending } from "./support/values.ts";
import { inWorld } from "./support/world.ts";

/** Enough branches that one number is the start of another. */
const races = fc.constantFrom(1, 2, 12, 23).chain((branches) =>
  fc.record({
    branches: fc.constant(branches),
    winner: fc.nat(branches - 1),
    kind: fc.constantFrom("race", "any"),
  }),
);

law("unawaited work of a winner continues, and that of the losers does not", [races], (given) =>
  inWorld(async (world) => {
    const { branches, winner, kind } = given;
    const went: number[] = [];
    const late = fn(
      "law/late",
      (_, { args }: { result: void; args: number }) => void went.push(args),
    );
    const branch = fn("law/branch", (ctx, n: number) => {
      ctx.onComplete(ctx.sleep(100), late, n);
      return ctx.onComplete(ctx.sleep(n === winner ? 5 : 50), same, n);
    });
    const same = fn("law/same", (_, { args }: { result: void; args: number }) => args);
    const main = fn("law/main", (ctx) => {
      const all = Array.from({ length: branches }, (_, n) => ctx.invoke(branch, n));
      return kind === "race" ? ctx.race(all) : ctx.any(all);
    });
    const client = await world.start([main, branch, same, late]);
    expect(await client.call(main)).toBe(winner);
    await world.clock.advance(200);
    expect(went).toEqual([winner]);
    expect(world.messages).toBe(0);
  }),
);

/** Ways in which a future can be inside another one that settles with it. */
const AROUND = ["blocked", "blocked race", "handle", "race", "any", "first", "call"] as const;
/** Ways to leave work behind. */
const LEAVING = ["call", "handle", "wait", "continuation"] as const;
const leftWork = fc.record({
  around: fc.array(fc.constantFrom(...AROUND), { maxLength: 4 }),
  leaving: fc.constantFrom(...LEAVING),
  limitMs: fc.constantFrom(50, 150),
  restarts: fc.boolean(),
});
type Around = readonly (typeof AROUND)[number][];

law(
  "work that settled futures left behind is canceled with each scope around them, also after a restart",
  [leftWork],
  ({ around, leaving, limitMs, restarts }) =>
    inWorld(async (world) => {
      let went = 0;
      const note = fn("law/note", () => void went++);
      const leave = fn("law/leave", (ctx) => {
        const left = ctx.onComplete(ctx.sleep(100), note);
        if (leaving === "continuation") return null;
        if (leaving === "handle") return { handle: left.handle() };
        if (leaving === "wait") return ctx.wait([left], { count: 0 });
        ctx.invoke(work);
        return ctx.cancel(left);
      });
      const work = fn("law/work", (ctx) => ctx.onComplete(ctx.sleep(100), note));
      const wrap = fn("law/wrap", (ctx, [first, ...rest]: Around): unknown =>
        first === undefined
          ? ctx.invoke(leave)
          : wrapped(ctx, first, (inner) => inner.invoke(wrap, rest)),
      );
      const stay = fn("law/stay", (ctx) => ctx.sleep(1000));
      const main = fn("law/main", (ctx) =>
        ctx.onSettled(ctx.timeout(ctx.onComplete(ctx.invoke(wrap, around), stay), limitMs), end),
      );
      const end = fn("law/end", (_, settled: Settlement<void>) => settled.status);
      const functions = [main, wrap, leave, work, note, stay, end];
      const client = await world.start(functions);
      await client.start(main, undefined, { id: "f" });
      await world.clock.advance(20);
      const later = restarts ? await world.start(functions) : client;
      expect(await later.call(main, undefined, { id: "f" })).toBe("rejected");
      await world.clock.advance(300);
      expect(went).toBe(limitMs < 100 ? 0 : 1);
      expect(world.messages).toBe(0);
    }),
);

/** Makes a future inside one that settles with it. */
function wrapped(
  ctx: Context,
  kind: (typeof AROUND)[number],
  inner: (ctx: Context) => Future<unknown>,
): unknown {
  const future = inner(ctx);
  switch (kind) {
    case "blocked":
      return ctx.get(future);
    case "blocked race":
      return ctx.get(ctx.race([future, ctx.sleep(1000)]));
    case "handle":
      return ctx.future(future.handle());
    case "race":
      return ctx.race([future, ctx.sleep(1000)]);
    case "any":
      return ctx.any([future, ctx.sleep(1000)]);
    case "first":
      return ctx.first(1, [future, ctx.sleep(1000)]);
    case "call":
      return future;
  }
}

law(
  "a canceled flow stays canceled, on every engine, even if its work continues and ends",
  [
    fc.integer({ min: 1, max: 20 }),
    fc.integer({ min: 1, max: 20 }),
    fc.integer(),
    fc.constantFrom(onMemory, onPoorestLosing(0)),
  ],
  async (worksMs, cancelledMs, seed, engine) => {
    fc.pre(worksMs !== cancelledMs);
    const worker = fn("law/worker", async () => {
      await host.clock.work(worksMs);
      return "done";
    });
    const host = await engine.start([worker], {}, seed);
    try {
      const flow = await host.client.start(worker, undefined, { id: "f" });
      await host.clock.advance(cancelledMs);
      expect(await host.client.cancel(flow)).toBe(worksMs > cancelledMs);
      await host.clock.advance(100);
      const expected =
        worksMs < cancelledMs ? { value: "done" } : { code: "CANCELLED", why: expect.anything() };
      expect(await ending(flow.result())).toEqual(expected);
      expect(await flow.status()).toMatchObject({
        status: worksMs < cancelledMs ? "completed" : "cancelled",
      });
    } finally {
      await host.close();
    }
  },
);
