import { fn } from "../../../futures/define/fn.ts";
import { FutureHandle } from "../../../futures/types/handle.ts";
import { stateful } from "../../../futures/define/stateful.ts";
import { value } from "../../../core/state/value.ts";
import { equal, matches, ok, rejects } from "../case/check.ts";
import type { Case } from "../case/case.ts";

const now = fn("test/now", (_, { args }: { result: void; args: unknown }) => args);
/** Longer than a call takes, on any engine. */
const SLOW_MS = 3000;
const slow = fn("test/slow", (ctx, input: number) =>
  ctx.onComplete(ctx.sleep(SLOW_MS), slowNow, input),
);
const slowNow = fn("test/slow-now", (_, { args }: { result: void; args: number }) => {
  if (args < 0) throw new Error("negative");
  return args;
});
const follow = fn("test/follow", (ctx, handle: FutureHandle<number>) => ctx.future(handle));
const begin = fn("test/begin", (ctx, input: number) => ({
  work: ctx.invoke(slow, input).handle(),
}));
const PARTS = [now, slow, slowNow, follow, begin];

/** Keeps handles in its state, and turns them back into futures later. */
const shelf = stateful("test/shelf", {
  state: { handles: value<FutureHandle<number>[]>([]) },
  handlers: {
    start: (ctx, input: number) => {
      ctx.state.handles.push(ctx.invoke(slow, input).handle());
      return ctx.state.handles.length;
    },
    keep: (ctx, handle: FutureHandle<number>) => void ctx.state.handles.push(handle),
    collect: (ctx) => ctx.allSettled(ctx.state.handles.map((handle) => ctx.future(handle))),
  },
});

export const handleCases: readonly Case[] = [
  {
    title:
      "a handle is returned at once, and another flow follows it before and after the settlement",
    async run({ start, time }) {
      const { client } = await start(PARTS);
      const began = time.now();
      const { work } = await client.call(begin, 5);
      time.assertPassed(0, began);
      ok(time.now() - began < SLOW_MS, "expected an answer at once");
      const early = client.call(follow, work);
      equal(await early, 5);
      equal(await client.call(follow, work), 5);
      equal(await client.call(follow, work), 5);
      const failing = await client.call(begin, -1);
      await rejects(client.call(follow, failing.work), { cause: { message: "negative" } });
      await rejects(client.call(follow, failing.work), { cause: { message: "negative" } });
    },
  },
  {
    title: "handles kept in state become futures again later, before and after they settle",
    async run({ start, time }) {
      const { client } = await start([shelf, ...PARTS]);
      const id = "s";
      for (const n of [1, -2, 3]) await client.call(shelf.start, n, { id });
      const settlements = [
        { status: "fulfilled", value: 1 },
        { status: "rejected", reason: { message: "negative" } },
        { status: "fulfilled", value: 3 },
      ];
      matches(await client.call(shelf.collect, undefined, { id }), settlements);
      await time.advance(SLOW_MS);
      matches(await client.call(shelf.collect, undefined, { id }), settlements);
    },
  },
  {
    title: "handles pass unchanged through inputs, results and states",
    async run({ start }) {
      const relay = fn("test/relay", (ctx, given: { inside: readonly FutureHandle<number>[] }) => {
        const [handle] = given.inside;
        if (handle === undefined) throw new Error("no handle");
        return {
          given,
          value: ctx.future(handle),
          kept: ctx.invoke(shelf.keep, handle, { id: "kept" }),
        };
      });
      const parent = fn("test/parent", (ctx) =>
        ctx.invoke(relay, { inside: [ctx.invoke(slow, 9).handle()] }),
      );
      const { client } = await start([parent, relay, shelf, ...PARTS]);
      const result = await client.call(parent);
      matches(result, { value: 9, kept: undefined });
      equal(await client.call(follow, result.given.inside[0] ?? missing()), 9);
      equal(await client.call(shelf.collect, undefined, { id: "kept" }), [
        { status: "fulfilled", value: 9 },
      ]);
    },
  },
  {
    title: "each handle of a future is equal, and the future remains usable",
    async run({ start }) {
      const parent = fn("test/parent", (ctx) => {
        const future = ctx.invoke(slow, 4);
        const [one, two] = [future.handle(), future.handle()];
        const back = ctx.future(one).handle();
        return {
          same: one.id === two.id && one.retainUntil === two.retainUntil && back.id === one.id,
          future,
          again: ctx.future(two),
        };
      });
      const { client } = await start([parent, ...PARTS]);
      equal(await client.call(parent), { same: true, future: 4, again: 4 });
    },
  },
  {
    title: "timers, joins, promises and known values have handles, too",
    async run({ start }) {
      const all = fn("test/all", (ctx, handles: readonly FutureHandle<unknown>[]) =>
        ctx.all(handles.map((handle) => ctx.future(handle))),
      );
      const parent = fn("test/parent", (ctx) =>
        ctx.invoke(all, [
          ctx.sleep(10).handle(),
          ctx.all([ctx.invoke(slow, 1), ctx.sleep(5)]).handle(),
          ctx.resolved({ a: ctx.invoke(slow, 2) }).handle(),
          ctx.resolved(3).handle(),
        ]),
      );
      const { client } = await start([parent, all, ...PARTS]);
      equal(await client.call(parent), [undefined, [1, undefined], { a: 2 }, 3]);
    },
  },
  {
    title: "a settlement is kept for its retention, however often it is read, then is EXPIRED",
    async run({ start, time }) {
      const retentionMs = 2000;
      const keptMs = SLOW_MS + retentionMs;
      const { client } = await start(PARTS, { retentionMs });
      const { work } = await client.call(begin, 5);
      await time.advance(time.almost(keptMs));
      equal(await client.call(follow, work), 5);
      await time.advance(keptMs - time.almost(keptMs));
      await rejects(client.call(follow, work), { code: "EXPIRED" });
    },
  },
  {
    title: "a handle of another store, or a value that is no handle, is rejected",
    async run({ start }) {
      const { client } = await start(PARTS);
      const { work } = await client.call(begin, 5);
      const foreign = new FutureHandle<number>({
        id: work.id,
        storeId: "elsewhere",
        retainUntil: work.retainUntil,
      });
      await rejects(client.call(follow, foreign), { code: "FOREIGN_HANDLE" });
      const none = fn("test/none", (ctx) => ctx.future(JSON.parse("{}") as FutureHandle<number>));
      const other = await start([none]);
      await rejects(other.client.call(none), { code: "INVALID_ID" });
    },
  },
];

function missing(): never {
  throw new Error("expected a handle");
}
