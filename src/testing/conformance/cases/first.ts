import { fn } from "../../../futures/define/fn.ts";
import type { Context } from "../../../futures/types/context.ts";
import type { Future, Settlement } from "../../../futures/types/future.ts";
import type { Case } from "../case/case.ts";
import { equal, matches, rejects } from "../case/check.ts";

const now = fn("test/now", (_, { args }: { result: void; args: unknown }) => args);
const failNow = fn("test/fail-now", (_, { args }: { result: void; args: string }): never => {
  throw new RangeError(args);
});
const outcome = fn("test/outcome", (_, settlement: Settlement<unknown>) =>
  settlement.status === "fulfilled" ? settlement.value : settlement.reason.code,
);
const echo = fn("test/echo", (_, input: unknown) => input);
const PARTS = [now, failNow, outcome, echo];

/** Far enough apart for an engine whose messages are late. */
const STEP_MS = 1500;
const HOUR_MS = 3_600_000;

const value = (ctx: Context, steps: number): Future<unknown> =>
  ctx.onComplete(ctx.sleep(steps * STEP_MS), now, steps);
const failure = (ctx: Context, steps: number): Future<unknown> =>
  ctx.onComplete(ctx.sleep(steps * STEP_MS), failNow, `failure ${steps}`);

export const firstCases: readonly Case[] = [
  {
    title: "`first` returns the first values in the order in which they came, past rejections",
    async run({ start }) {
      const parent = fn("test/parent", (ctx, count: number) =>
        ctx.first(count, [value(ctx, 4), failure(ctx, 1), value(ctx, 3), value(ctx, 2)]),
      );
      const { client } = await start([parent, ...PARTS]);
      const called = [0, 1, 3].map((count) => client.call(parent, count));
      equal(await Promise.all(called), [[], [2], [2, 3, 4]]);
    },
  },
  {
    title: "`first` is rejected with the failures so far as soon as too few futures are left",
    async run({ start, time }) {
      const parent = fn("test/parent", (ctx) =>
        ctx.first(3, [ctx.sleep("1h"), failure(ctx, 2), value(ctx, 1), failure(ctx, 3)]),
      );
      const { client } = await start([parent, ...PARTS]);
      const startedAt = time.now();
      await rejects(client.call(parent), {
        code: "FUNCTION_FAILED",
        failure: {
          name: "AggregateError",
          message: "2 of 4 futures were rejected, and 3 had to be fulfilled",
        },
        cause: { errors: [{ message: "failure 2" }, { message: "failure 3" }] },
      });
      equal(time.now() - startedAt < HOUR_MS, true);
    },
  },
  {
    title: "`first` takes known values, the same future twice, and a hundred futures",
    async run({ start }) {
      const parent = fn("test/parent", (ctx) => {
        const shared = ctx.invoke(echo, "shared");
        const many = Array.from({ length: 100 }, (_, n) => ctx.invoke(echo, n));
        return [
          ctx.first(2, [ctx.resolved("a"), ctx.resolved("b"), ctx.event("never")]),
          ctx.first(2, [shared, shared]),
          ctx.onComplete(ctx.first(70, many), size),
          ctx.first(1, [ctx.first(1, [value(ctx, 1)]), ctx.sleep("1h")]),
        ];
      });
      const size = fn("test/size", (_, list: readonly unknown[]) => new Set(list).size);
      const { client } = await start([parent, size, ...PARTS]);
      equal(await client.call(parent), [["a", "b"], ["shared", "shared"], 70, [[1]]]);
    },
  },
  {
    title: "`first` cancels the rest once it is decided, and everything with its own scope",
    needs: ["scopedCancel", "storedValues"],
    async run({ start, time }) {
      const parent = fn("test/parent", (ctx) => {
        const late = () => ctx.onComplete(ctx.sleep("30d"), echo);
        return ctx.all([
          ctx.first(2, [late(), value(ctx, 1), ctx.all([late(), late()]), value(ctx, 2)]),
          ctx.onSettled(ctx.first(2, [late(), failure(ctx, 1), failure(ctx, 2)]), outcome),
          ctx.onSettled(ctx.timeout(ctx.first(1, [late(), late()]), STEP_MS), outcome),
        ]);
      });
      const { client, stored } = await start([parent, ...PARTS]);
      const handle = await client.start(parent, undefined, { id: "p" });
      equal(await handle.result(), [[1, 2], undefined, "TIMEOUT"]);
      await time.eventually(async () => equal(await stored(), 1));
      matches(await client.bill("p"), { final: true });
    },
  },
];
