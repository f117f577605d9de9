import { fn } from "handback";
import type { Context, Future, Settlement } from "handback";
import { describe, expect, test } from "vitest";
import { start } from "../support/started-engine.ts";

/** Outgrows a message, so that the consumers that hold it move to a cell of their own. */
const LARGE = "x".repeat(20_000);

type Told = { result: Settlement<unknown>; args: string };
type Wrap = (ctx: Context, cleaned: (size: string) => Future<unknown>) => Future<unknown>;

const ways: readonly (readonly [string, Wrap])[] = [
  ["the flow", (_, cleaned) => cleaned(LARGE)],
  ["a race", (ctx, cleaned) => ctx.race([cleaned(LARGE), ctx.sleep(50)])],
  ["a limit", (ctx, cleaned) => ctx.timeout(cleaned(LARGE), 50)],
  ["a branch of an all", (ctx, cleaned) => ctx.all([cleaned(LARGE), ctx.sleep(1000)])],
  ["a handle", (ctx, cleaned) => ctx.future(cleaned(LARGE).handle())],
];

describe("consumers that have outgrown their message", () => {
  test.each(ways)("wait for the end of a canceled run like others: %s", async (_, wrap) => {
    const told: unknown[] = [];
    const clock = (await start({ functions: [] })).clock;
    const work = fn("spilled/work", () => clock.work(100).then(() => "done"));
    const clean = fn("spilled/clean", (_, { result, args }: Told) => {
      const end = result.status === "rejected" ? result.run : result.status;
      told.push([clock.monotonicNs() / 1e6, end, args.length]);
    });
    const main = fn("spilled/main", (ctx) =>
      wrap(ctx, (size) => ctx.onSettled(ctx.invoke(work), clean, size)),
    );
    const { engine } = await start({ functions: [main, work, clean] }, clock);
    const startMs = clock.monotonicNs() / 1e6;
    const flow = await engine.client.start(main, undefined, { id: "f" });
    await clock.advance(50);
    await engine.client.cancel(flow);
    await clock.advance(500);
    expect(told).toEqual([[startMs + 100, "fulfilled", LARGE.length]]);
  });

  test.each(ways)("that share a call wait for its end, too: %s", async (_, wrap) => {
    const told: unknown[] = [];
    const clock = (await start({ functions: [] })).clock;
    const work = fn("spilled/work", () => clock.work(100).then(() => "done"));
    const clean = fn("spilled/clean", (_, { result, args }: Told) => {
      const end = result.status === "rejected" ? result.run : result.status;
      told.push([clock.monotonicNs() / 1e6, end, args.length]);
    });
    const main = fn("spilled/main", (ctx) => {
      const work1 = ctx.invoke(work);
      return ctx.all([
        wrap(ctx, (size) => ctx.onSettled(work1, clean, size)),
        wrap(ctx, (size) => ctx.onSettled(work1, clean, size)),
        ctx.onSettled(work1, clean, "y"),
      ]);
    });
    const { engine } = await start({ functions: [main, work, clean] }, clock);
    const startMs = clock.monotonicNs() / 1e6;
    const flow = await engine.client.start(main, undefined, { id: "f" });
    await clock.advance(49);
    await engine.client.cancel(flow);
    await clock.advance(500);
    const at = startMs + 100;
    const large = [at, "fulfilled", LARGE.length];
    expect(told).toHaveLength(3);
    expect(told).toEqual(expect.arrayContaining([[at, "fulfilled", 1], large]));
    expect(told.filter((end) => JSON.stringify(end) === JSON.stringify(large))).toHaveLength(2);
  });
});
