import type { Future } from "../../../futures/types/future.ts";
import type { FutureHandle } from "../../../futures/types/handle.ts";
import { fn } from "../../../futures/define/fn.ts";
import { equal, matches, ok } from "../case/check.ts";
import type { Case, Running } from "../case/case.ts";

const addOne = fn("test/add-one", (_, n: number) => n + 1);
const double = fn("test/double", (_, n: number) => 2 * n);

export const scaleCases: readonly Case[] = [
  {
    title: "a loop of 1,000 tail calls keeps state, ids and messages constant",
    needs: ["storedValues"],
    async run({ start }) {
      let largest = 0;
      const lengths = new Set<number>();
      const loop = fn("test/loop", async (ctx, n: number): Promise<number | Future<number>> => {
        largest = Math.max(largest, await running.stored());
        lengths.add(ctx.idempotencyKey.length);
        return n === 0 ? 0 : ctx.onComplete(ctx.invoke(addOne, n - 2), loop);
      });
      const running: Running = await start([loop, addOne]);
      equal(await running.client.call(loop, 1000), 0);
      ok(largest <= 3, `expected 3 values at most, got ${largest}`);
      equal(lengths, new Set([57]));
    },
  },
  {
    title: "a stack of 2,000 continuations is spilled, and leaves nothing behind",
    needs: ["storedValues"],
    async run({ start, time }) {
      const deep = fn("test/deep", (ctx, n: number): number | Future<number> =>
        n === 0 ? 0 : ctx.onComplete(ctx.invoke(deep, n - 1), addOne),
      );
      const { client, stored } = await start([deep, addOne]);
      equal(await client.call(deep, 2000), 2000);
      await time.eventually(async () => equal(await stored(), 1));
    },
  },
  {
    title: "one future serves 300 consumers, and leaves nothing of them behind",
    needs: ["storedValues"],
    async run({ start, time }) {
      const parent = fn("test/parent", (ctx) => {
        const one = ctx.invoke(double, 21);
        return ctx.all(Array.from({ length: 300 }, () => ctx.onComplete(one, addOne)));
      });
      const { client, stored } = await start([parent, double, addOne]);
      equal(
        await client.call(parent),
        Array.from({ length: 300 }, () => 43),
      );
      await time.eventually(async () => equal(await stored(), 1));
    },
  },
  {
    title: "a handle serves 300 subscribers, before and after it is settled",
    async run({ start }) {
      const parent = fn("test/parent", (ctx) => {
        const slow = ctx.onComplete(ctx.sleep(100), give);
        const handle = slow.handle();
        const many = Array.from({ length: 150 }, () => ctx.onComplete(ctx.future(handle), addOne));
        const after = ctx.sleep(200);
        return ctx.all([...many, ctx.onComplete(after, again, handle)]);
      });
      const give = fn("test/give", () => 6);
      const again = fn(
        "test/again",
        (ctx, { args }: { result: void; args: ReturnType<Future<number>["handle"]> }) =>
          ctx.all(Array.from({ length: 150 }, () => ctx.onComplete(ctx.future(args), addOne))),
      );
      const { client } = await start([parent, give, again, addOne]);
      const sevens = Array.from({ length: 150 }, () => 7);
      equal(await client.call(parent), [...sevens, sevens]);
    },
  },
  {
    title: "joins, waits and rejections leave only the flow's record",
    needs: ["storedValues"],
    async run({ start, time }) {
      const fail = fn("test/fail", (): number => {
        throw new Error("late");
      });
      const parent = fn("test/parent", (ctx) => {
        const slow = (ms: number): Future<number> =>
          ctx.invoke(double, 1, { after: [ctx.sleep(ms)] });
        const failing = ctx.all([
          slow(10),
          ctx.invoke(fail, undefined, { after: [ctx.sleep(20)] }),
          slow(30),
          ctx.invoke(fail),
        ]);
        return {
          joined: ctx.all(Array.from({ length: 40 }, (_, n) => slow(n))),
          failing: ctx.allSettled([failing]),
          args: ctx.onComplete(slow(1), addOne),
        };
      });
      const { client, stored } = await start([parent, double, addOne, fail]);
      matches(await client.call(parent), {
        failing: [{ status: "rejected", reason: { message: "late" } }],
        args: 3,
      });
      await time.advance(1000);
      await time.eventually(async () => equal(await stored(), 1));
    },
  },
  {
    title:
      "nothing is left after all retention has passed, including unawaited events and promises",
    needs: ["storedValues", "virtualTime"],
    async run({ start, time }) {
      const fail = fn("test/fail", (): number => {
        throw new Error("why");
      });
      const size = fn("test/size", (_, { ready }: { ready: readonly unknown[] }) => ready.length);
      const follow = fn("test/follow", (ctx, handle: FutureHandle<number>) => ctx.future(handle));
      const parent = fn("test/parent", (ctx) => {
        ctx.onComplete(ctx.all([ctx.event("never"), ctx.invoke(double, 1)]), size0);
        const promise = ctx.promise<number>();
        ctx.setStatus(promise.token);
        return {
          some: ctx.onComplete(
            ctx.wait([ctx.event("never"), ctx.sleep(10), ctx.invoke(fail)], { count: 2 }),
            size,
          ),
          timed: ctx.onComplete(
            ctx.wait([ctx.event("never"), ctx.event("other")], { timeout: 20 }),
            size,
          ),
          followed: ctx.invoke(follow, ctx.onComplete(ctx.sleep(5), addArgs, 1).handle()),
          promise,
        };
      });
      const size0 = fn("test/size0", (_, all: readonly unknown[]) => all.length);
      const addArgs = fn("test/add-args", (_, { args }: { result: void; args: number }) => args);
      const { client, stored } = await start([parent, fail, size, size0, follow, addArgs, double]);
      const handle = await client.start(parent, undefined, { id: "p" });
      await time.advance(1000);
      await client.settle(String((await handle.status()).custom), 8);
      equal(await handle.result(), { some: 2, timed: 0, followed: 1, promise: 8 });
      await time.quiet();
      matches(await client.bill("p"), { final: true });
      await time.advance(8 * 86_400_000);
      await time.eventually(async () => equal(await stored(), 0));
    },
  },
];
