import { fn } from "handback";
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
