import { value } from "../../../core/state/value.ts";
import { fn } from "../../../futures/define/fn.ts";
import type { Context } from "../../../futures/types/context.ts";
import type { Future, Settlement } from "../../../futures/types/future.ts";
import type { FutureHandle } from "../../../futures/types/handle.ts";
import { stateful } from "../../../futures/define/stateful.ts";
import type { Case } from "../case/case.ts";
import { equal, matches, ok, rejects } from "../case/check.ts";

const echo = fn("test/echo", (_, input: unknown) => input);
const sleeper = fn("test/sleeper", (ctx, ms: number) => ctx.sleep(ms));
const fail = fn("test/fail", (): never => {
  throw new Error("by itself");
});
const follow = fn("test/follow", (ctx, handle: FutureHandle<unknown>) => ctx.future(handle));
const cancelIt = fn("test/cancel-it", (ctx, handle: FutureHandle<unknown>) =>
  ctx.cancel(ctx.future(handle)),
);
const outcome = fn("test/outcome", (_, settlement: Settlement<unknown>) =>
  settlement.status === "fulfilled"
    ? settlement.value
    : (settlement.reason.code ?? settlement.reason.message),
);
const PARTS = [echo, sleeper, fail, follow, cancelIt, outcome];
const HOUR_MS = 3_600_000;
const STEPS = 5;

export const cancelCases: readonly Case[] = [
  {
    title: "canceling a flow returns true once, and rejects all waiters with CANCELLED",
    async run({ start, time }) {
      const { client } = await start(PARTS);
      const handle = await client.start(sleeper, HOUR_MS, { id: "s" });
      const waiting = rejects(handle.result(), { code: "CANCELLED" });
      equal(await client.cancel(handle), true);
      const now = time.now();
      const status = await handle.status();
      matches(status, { status: "cancelled", failure: { code: "CANCELLED" } });
      ok(
        status.settledAt !== undefined && status.settledAt <= now,
        "expected it to be settled at once",
      );
      await waiting;
      await rejects(handle.result(), { code: "CANCELLED" });
      equal(await client.cancel("s"), false);
      await rejects(client.call(sleeper, HOUR_MS, { id: "s" }), { code: "CANCELLED" });
    },
  },
  {
    title: "canceling a finished flow returns false, and canceling an unknown one says NOT_FOUND",
    async run({ start }) {
      const { client } = await start(PARTS);
      const [done, failed] = [
        await client.start(echo, 0, { id: "d" }),
        await client.start(fail, undefined, { id: "f" }),
      ];
      equal(await done.result(), 0);
      await rejects(failed.result(), { cause: { message: "by itself" } });
      for (const handle of [done, failed]) equal(await client.cancel(handle), false);
      equal(await done.result(), 0);
      matches(await done.status(), { status: "completed" });
      await rejects(failed.result(), { cause: { message: "by itself" } });
      matches(await failed.status(), { status: "failed" });
      await rejects(client.cancel("never"), { code: "NOT_FOUND" });
    },
  },
  {
    title: "a flow canceled right after its start is canceled, and accepts no more events",
    async run({ start }) {
      const { client } = await start(PARTS);
      const handles = await Promise.all(
        Array.from({ length: 10 }, (_, n) => client.start(sleeper, HOUR_MS, { id: `s${n}` })),
      );
      equal(
        await Promise.all(handles.map((handle) => client.cancel(handle))),
        handles.map(() => true),
      );
      for (const handle of handles) {
        await rejects(handle.result(), { code: "CANCELLED" });
        await rejects(client.signal(handle, "e", 1), { code: "FLOW_OVER" });
      }
    },
  },
  {
    title: "the steps of a canceled flow are all made, or all undone by its clean-up",
    async run({ start, time }) {
      const made = new Set<number>();
      const step = fn("test/step", async (_, n: number) => {
        await time.work(20);
        made.add(n);
      });
      const undo = fn("test/undo", (_, n: number) => void made.delete(n));
      type Settled = { result: Settlement<unknown>; args: number };
      const next = fn("test/next", (ctx, { result, args: n }: Settled): Future<unknown> =>
        result.status === "fulfilled" || result.fulfilled !== undefined
          ? goOn(ctx, result.status === "fulfilled" ? n + 1 : Infinity, n)
          : goOn(ctx, Infinity, n - 1),
      );
      const goOn = (ctx: Context, n: number, last: number): Future<unknown> => {
        if (n < STEPS) return ctx.onSettled(ctx.invoke(step, n), next, n);
        const undone = Array.from({ length: n === STEPS ? 0 : last + 1 }, (_, at) => at);
        return ctx.all(undone.map((at) => ctx.invoke(undo, at)));
      };
      const first = fn("test/first", (ctx) => goOn(ctx, 0, 0));
      const { client } = await start([first, next, step, undo]);
      const flow = await client.start(first, undefined, { id: "f" });
      await time.advance(50);
      // On an engine whose time cannot be set, it may have ended.
      await client.cancel(flow);
      await time.advance(1000);
      await time.eventually(async () =>
        ok([0, STEPS].includes(made.size), `expected all steps or none, got ${made.size}`),
      );
    },
  },
  {
    title: "one-way messages of a canceled flow still arrive, including delayed ones",
    async run({ start, time }) {
      const log = stateful("test/log", {
        state: { lines: value<string[]>([]) },
        handlers: {
          write: (ctx, line: string) => void ctx.state.lines.push(line),
          read: (ctx) => [...ctx.state.lines],
        },
      });
      const parent = fn("test/parent", (ctx) => {
        ctx.send(log.write, "at once", { id: "l" });
        ctx.send(log.write, "delayed", { id: "l", delay: 1000 });
        ctx.setStatus("sent");
        return ctx.promise();
      });
      const { client } = await start([parent, log]);
      const handle = await client.start(parent, undefined, { id: "p" });
      await time.eventually(async () => equal((await handle.status()).custom, "sent"));
      equal(await client.cancel(handle), true);
      await time.advance(1000);
      await time.eventually(async () =>
        equal(await client.call(log.read, undefined, { id: "l" }), ["at once", "delayed"]),
      );
    },
  },
  {
    title: "a future of any kind that its handler cancels is rejected with CANCELLED",
    async run({ start }) {
      const never = fn("test/never", () => "called all the same");
      const parent = fn("test/parent", (ctx) => {
        const futures = [
          ctx.sleep(HOUR_MS),
          ctx.invoke(never),
          ctx.promise(),
          ctx.event("e"),
          ctx.all([ctx.sleep(HOUR_MS), ctx.invoke(echo, 1)]),
          ctx.race([ctx.sleep(HOUR_MS), ctx.promise()]),
          ctx.wait([ctx.promise()]),
          ctx.timeout(ctx.promise(), HOUR_MS),
        ];
        const continued = futures.map((future) =>
          ctx.onSettled(ctx.onComplete(future, echo), outcome),
        );
        for (const future of futures) ctx.cancel(future);
        for (const future of futures) ctx.cancel(future);
        return continued;
      });
      const { client } = await start([parent, never, ...PARTS]);
      const outcomes = await client.call(parent);
      equal(
        outcomes,
        outcomes.map(() => "CANCELLED"),
      );
    },
  },
  {
    title: "a future that is already known stays as it is when its handler cancels it",
    async run({ start }) {
      const parent = fn("test/parent", (ctx) => {
        const known = [ctx.resolved(0), ctx.rejected("known"), ctx.any([])];
        const outcomes = known.map((future) => ctx.onSettled(future, outcome));
        for (const future of known) ctx.cancel(future);
        return outcomes;
      });
      const { client } = await start([parent, outcome]);
      equal(await client.call(parent), [0, "known", "any: there are no futures"]);
    },
  },
  {
    title: "a cancellation is not carried out if its handler throws afterwards",
    async run({ start }) {
      const begin = fn("test/begin", (ctx) => ({
        work: ctx.onComplete(ctx.sleep(1000), fine).handle(),
      }));
      const fine = fn("test/fine", () => "fine");
      const undone = fn("test/undone", (ctx, handle: FutureHandle<unknown>) => {
        ctx.cancel(ctx.future(handle));
        throw new Error("after all");
      });
      const { client } = await start([begin, fine, undone, ...PARTS]);
      const { work } = await client.call(begin);
      await rejects(client.call(undone, work), { cause: { message: "after all" } });
      equal(await client.call(follow, work), "fine");
    },
  },
  {
    title: "canceling an escaped future through its handle rejects all its holders in any flow",
    async run({ start, time }) {
      const ran: unknown[] = [];
      const witness = fn("test/witness", () => ran.push(1));
      const begin = fn("test/begin", (ctx) => ({
        work: ctx.onComplete(ctx.sleep(5000), witness).handle(),
      }));
      const { client } = await start([begin, witness, ...PARTS]);
      const { work } = await client.call(begin);
      const early = [await client.start(follow, work), await client.start(follow, work)];
      await time.quiet();
      await client.call(cancelIt, work);
      for (const handle of early) await rejects(handle.result(), { code: "CANCELLED" });
      await time.advance(6000);
      await rejects(client.call(follow, work), { code: "CANCELLED" });
      for (const handle of early) matches(await handle.status(), { status: "failed" });
      // A second cancellation changes nothing.
      await client.call(cancelIt, work);
      await rejects(client.call(follow, work), { code: "CANCELLED" });
    },
  },
  {
    title: "canceling an escaped future that has settled changes nothing",
    async run({ start, time }) {
      const begin = fn("test/begin", (ctx) => ({
        work: ctx.invoke(echo, 0).handle(),
        failing: ctx.invoke(fail).handle(),
      }));
      const { client } = await start([begin, ...PARTS]);
      const { work, failing } = await client.call(begin);
      equal(await client.call(follow, work), 0);
      await rejects(client.call(follow, failing), { cause: { message: "by itself" } });
      await client.call(cancelIt, work);
      await client.call(cancelIt, failing);
      await time.quiet();
      equal(await client.call(follow, work), 0);
      await rejects(client.call(follow, failing), { cause: { message: "by itself" } });
    },
  },
];
