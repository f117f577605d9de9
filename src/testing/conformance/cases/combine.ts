import type { FutureHandle } from "../../../futures/types/handle.ts";
import type { Waited } from "../../../futures/types/context.ts";
import { fn } from "../../../futures/define/fn.ts";
import { equal, matches, ok, rejects } from "../case/check.ts";
import type { Case } from "../case/case.ts";

const at = fn("test/at", (_, n: number) => n);
/** Returns `n` after a delay that follows no order. */
const late = fn("test/late", (ctx, n: number) =>
  ctx.onComplete(ctx.sleep((n * 7919) % 101), lateValue, n),
);
const lateValue = fn("test/late-value", (_, { args }: { result: void; args: number }) => args);
const failAfter = fn("test/fail-after", (ctx, { ms, why }: { ms: number; why: string }) =>
  ctx.onComplete(ctx.sleep(ms), failNow, why),
);
const failNow = fn("test/fail-now", (_, { args }: { result: void; args: string }): number => {
  throw new Error(args);
});
const PARTS = [at, late, lateValue, failAfter, failNow];

function joins(count: number): Case {
  return {
    title: `a join of ${count} futures keeps their order, whatever order they settle in`,
    async run({ start }) {
      const numbers = Array.from({ length: count }, (_, n) => n);
      const parent = fn("test/parent", (ctx) => ({
        all: ctx.all(numbers.map((n) => ctx.invoke(late, n))),
        settled: ctx.allSettled(numbers.map((n) => ctx.invoke(at, n))),
        inside: numbers.map((n) => ({ n: ctx.invoke(late, n) })),
      }));
      const { client } = await start([parent, ...PARTS]);
      equal(await client.call(parent), {
        all: numbers,
        settled: numbers.map((n) => ({ status: "fulfilled", value: n })),
        inside: numbers.map((n) => ({ n })),
      });
    },
  };
}

export const combineCases: readonly Case[] = [
  ...[0, 1, 2, 17, 300].map(joins),
  {
    title: "`all` is rejected with the first rejection, without waiting for the rest",
    async run({ start, time }) {
      const parent = fn("test/parent", (ctx) =>
        ctx.all([
          ctx.sleep("20h"),
          ctx.invoke(failAfter, { ms: 7_200_000, why: "second" }),
          ctx.invoke(failAfter, { ms: 100, why: "first" }),
        ]),
      );
      const { client } = await start([parent, ...PARTS]);
      const began = time.now();
      await rejects(client.call(parent), { cause: { message: "first" } });
      ok(time.now() - began < 3_600_000, "expected `all` not to wait for the rest");
    },
  },
  {
    title: "`allSettled` is never rejected, and keeps the order of outcomes",
    async run({ start }) {
      const parent = fn("test/parent", (ctx) =>
        ctx.allSettled([
          ctx.invoke(failAfter, { ms: 50, why: "a" }),
          ctx.invoke(late, 3),
          ctx.rejected(new Error("b")),
          ctx.resolved(undefined),
        ]),
      );
      const { client } = await start([parent, ...PARTS]);
      matches(await client.call(parent), [
        { status: "rejected", reason: { message: "a" } },
        { status: "fulfilled", value: 3 },
        { status: "rejected", reason: { message: "b" } },
        { status: "fulfilled", value: undefined },
      ]);
    },
  },
  {
    title: "a wait ends after a number of settlements, and returns pending futures in order",
    async run({ start }) {
      const parent = fn("test/parent", (ctx) =>
        ctx.wait(
          [
            ctx.sleep("3h"),
            ctx.invoke(at, 1),
            ctx.sleep("4h"),
            ctx.invoke(failAfter, { ms: 10, why: "why" }),
            ctx.invoke(at, 4),
          ],
          {
            count: 3,
          },
        ),
      );
      const { client } = await start([parent, ...PARTS]);
      const { ready, pending } = await client.call(parent);
      matches(ready, [
        { index: 1, status: "fulfilled", value: 1 },
        { index: 3, status: "rejected", reason: { message: "why" } },
        { index: 4, status: "fulfilled", value: 4 },
      ]);
      equal(
        pending.map(({ index }) => index),
        [0, 2],
      );
    },
  },
  {
    title: "a wait ends at its timeout, and returns handles that can be awaited again",
    async run({ start }) {
      const again = fn("test/again", (ctx, { ready, pending }: Waited<number>) => ({
        ready: ready.map(({ index }) => index),
        pending: pending.map(({ index }) => index),
        rest: ctx.all(pending.map(({ handle }) => ctx.future(handle))),
      }));
      const parent = fn("test/parent", (ctx) => {
        const futures = [10, 6000, 20, 6100].map((ms) =>
          ctx.onComplete(ctx.sleep(ms), lateValue, ms),
        );
        return ctx.onComplete(ctx.wait(futures, { timeout: 3000 }), again);
      });
      const { client } = await start([parent, again, ...PARTS]);
      equal(await client.call(parent), { ready: [0, 2], pending: [1, 3], rest: [6000, 6100] });
    },
  },
  {
    title: "a wait defaults to all futures, and ends at once for a count of 0",
    async run({ start }) {
      const parent = fn("test/parent", (ctx) => ({
        all: ctx.wait([ctx.invoke(late, 5), ctx.invoke(late, 6)]),
        none: ctx.wait([ctx.sleep("1h")], { count: 0 }),
        nothing: ctx.wait([]),
        many: ctx.wait(
          Array.from({ length: 100 }, (_, n) => ctx.invoke(late, n)),
          { timeout: "1h" },
        ),
      }));
      const { client } = await start([parent, ...PARTS]);
      const { all, none, nothing, many } = await client.call(parent);
      equal(all, {
        ready: [
          { index: 0, status: "fulfilled", value: 5 },
          { index: 1, status: "fulfilled", value: 6 },
        ],
        pending: [],
      });
      matches(none, { ready: [], pending: [{ index: 0 }] });
      equal(nothing, { ready: [], pending: [] });
      equal(
        many.ready,
        Array.from({ length: 100 }, (_, n) => ({ index: n, status: "fulfilled", value: n })),
      );
    },
  },
  {
    title: "known values become futures, and futures inside them are resolved",
    async run({ start }) {
      const parent = fn("test/parent", (ctx) => ({
        plain: ctx.resolved({ a: [1, undefined] }),
        inside: ctx.resolved({ a: ctx.invoke(at, 1), b: [ctx.resolved(ctx.resolved(2))] }),
        into: ctx.invoke(at, ctx.resolved(3)),
      }));
      const { client } = await start([parent, ...PARTS]);
      equal(await client.call(parent), {
        plain: { a: [1, undefined] },
        inside: { a: 1, b: [2] },
        into: 3,
      });
    },
  },
  {
    title: "any thrown value makes a rejected future",
    async run({ start }) {
      const parent = fn("test/parent", (ctx) =>
        ctx.allSettled([
          ctx.rejected(new RangeError("an error")),
          ctx.rejected("a string"),
          ctx.rejected(undefined),
          ctx.rejected({ odd: true }),
        ]),
      );
      const { client } = await start([parent]);
      const reasons = (await client.call(parent)).map(
        (each) => each.status === "rejected" && each.reason.message,
      );
      equal(reasons, ["an error", "a string", "thrown: undefined", 'thrown: {"odd":true}']);
    },
  },
  {
    title: "handles of futures that a wait left pending become futures again",
    async run({ start }) {
      const settle = fn("test/settle", (ctx, handles: readonly FutureHandle<number>[]) =>
        ctx.allSettled(handles.map((handle) => ctx.future(handle))),
      );
      const hand = fn("test/hand", (ctx, { pending }: Waited<number>) =>
        ctx.invoke(
          settle,
          pending.map(({ handle }) => handle),
        ),
      );
      const parent = fn("test/parent", (ctx) =>
        ctx.onComplete(
          ctx.wait([ctx.invoke(failAfter, { ms: 100, why: "late" }), ctx.invoke(late, 1)], {
            count: 0,
          }),
          hand,
        ),
      );
      const { client } = await start([parent, hand, settle, ...PARTS]);
      matches(await client.call(parent), [
        { status: "rejected", reason: { message: "late" } },
        { status: "fulfilled", value: 1 },
      ]);
    },
  },
];
