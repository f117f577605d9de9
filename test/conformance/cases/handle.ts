import { fn, FutureHandle, stateful, value } from "handback";
import { expect } from "vitest";
import type { Case } from "../conformance.ts";

const now = fn("test/now", (_, { args }: { result: void; args: unknown }) => args);
const slow = fn("test/slow", (ctx, input: number) => ctx.onComplete(ctx.sleep(1000), slowNow, input));
const slowNow = fn("test/slow-now", (_, { args }: { result: void; args: number }) => {
  if (args < 0) throw new Error("negative");
  return args;
});
const follow = fn("test/follow", (ctx, handle: FutureHandle<number>) => ctx.future(handle));
const begin = fn("test/begin", (ctx, input: number) => ({ work: ctx.invoke(slow, input).handle() }));
const PARTS = [now, slow, slowNow, follow, begin];

/** Keeps handles in its state, and makes them futures again later. */
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
    title: "answers at once with a handle, which another flow follows before and after the settlement",
    async run(start) {
      const { client, clock } = await start(PARTS);
      const began = clock.now();
      const { work } = await client.call(begin, 5);
      expect(clock.now()).toBe(began);
      const early = client.call(follow, work);
      expect(await early).toBe(5);
      expect(await client.call(follow, work)).toBe(5);
      expect(await client.call(follow, work)).toBe(5);
      const failing = await client.call(begin, -1);
      await expect(client.call(follow, failing.work)).rejects.toMatchObject({ cause: { message: "negative" } });
      await expect(client.call(follow, failing.work)).rejects.toMatchObject({ cause: { message: "negative" } });
    },
  },
  {
    title: "keeps handles in state, and makes them futures again later, before and after they settle",
    async run(start) {
      const { client, clock } = await start([shelf, ...PARTS]);
      const id = "s";
      for (const n of [1, -2, 3]) await client.call(shelf.start, n, { id });
      const settlements = [
        { status: "fulfilled", value: 1 },
        { status: "rejected", reason: { message: "negative" } },
        { status: "fulfilled", value: 3 },
      ];
      expect(await client.call(shelf.collect, undefined, { id })).toMatchObject(settlements);
      await clock.advance(3_600_000);
      expect(await client.call(shelf.collect, undefined, { id })).toMatchObject(settlements);
    },
  },
  {
    title: "passes handles on as they are, through inputs, results and states",
    async run(start) {
      const relay = fn("test/relay", (ctx, given: { inside: readonly FutureHandle<number>[] }) => {
        const [handle] = given.inside;
        if (handle === undefined) throw new Error("no handle");
        return { given, value: ctx.future(handle), kept: ctx.invoke(shelf.keep, handle, { id: "kept" }) };
      });
      const parent = fn("test/parent", (ctx) => ctx.invoke(relay, { inside: [ctx.invoke(slow, 9).handle()] }));
      const { client } = await start([parent, relay, shelf, ...PARTS]);
      const result = await client.call(parent);
      expect(result).toMatchObject({ value: 9, kept: undefined });
      expect(await client.call(follow, result.given.inside[0] ?? missing())).toBe(9);
      expect(await client.call(shelf.collect, undefined, { id: "kept" })).toEqual([{ status: "fulfilled", value: 9 }]);
    },
  },
  {
    title: "gives an equal handle each time, and lets the future be used beside it",
    async run(start) {
      const parent = fn("test/parent", (ctx) => {
        const future = ctx.invoke(slow, 4);
        const [one, two] = [future.handle(), future.handle()];
        const back = ctx.future(one).handle();
        return { same: one.id === two.id && one.retainUntil === two.retainUntil && back.id === one.id, future, again: ctx.future(two) };
      });
      const { client } = await start([parent, ...PARTS]);
      expect(await client.call(parent)).toEqual({ same: true, future: 4, again: 4 });
    },
  },
  {
    title: "makes handles of timers, joins, promises and what is known, too",
    async run(start) {
      const all = fn("test/all", (ctx, handles: readonly FutureHandle<unknown>[]) => ctx.all(handles.map((handle) => ctx.future(handle))));
      const parent = fn("test/parent", (ctx) =>
        ctx.invoke(all, [
          ctx.sleep(10).handle(),
          ctx.all([ctx.invoke(slow, 1), ctx.sleep(5)]).handle(),
          ctx.resolved({ a: ctx.invoke(slow, 2) }).handle(),
          ctx.resolved(3).handle(),
        ]),
      );
      const { client } = await start([parent, all, ...PARTS]);
      expect(await client.call(parent)).toEqual([undefined, [1, undefined], { a: 2 }, 3]);
    },
  },
  {
    title: "keeps a settlement for its retention from when it was settled, however often it is asked for; then it is EXPIRED",
    async run(start) {
      const { client, clock } = await start(PARTS, { retentionMs: 10_000 });
      const { work } = await client.call(begin, 5);
      await clock.advance(10_999);
      expect(await client.call(follow, work)).toBe(5);
      await clock.advance(1);
      await expect(client.call(follow, work)).rejects.toMatchObject({ code: "EXPIRED" });
    },
  },
  {
    title: "refuses a handle of another store, and what is no handle",
    async run(start) {
      const { client } = await start(PARTS);
      const { work } = await client.call(begin, 5);
      const foreign = new FutureHandle<number>({ id: work.id, realm: "elsewhere", retainUntil: work.retainUntil });
      await expect(client.call(follow, foreign)).rejects.toMatchObject({ code: "FOREIGN_HANDLE" });
      const none = fn("test/none", (ctx) => ctx.future(JSON.parse("{}") as FutureHandle<number>));
      const other = await start([none]);
      await expect(other.client.call(none)).rejects.toMatchObject({ code: "INVALID_ID" });
    },
  },
];

function missing(): never {
  throw new Error("expected a handle");
}
