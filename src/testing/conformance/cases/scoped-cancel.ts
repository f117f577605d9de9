import { value } from "../../../core/state/value.ts";
import { fn } from "../../../futures/define/fn.ts";
import type { Future, Settlement } from "../../../futures/types/future.ts";
import type { FutureHandle } from "../../../futures/types/handle.ts";
import { stateful } from "../../../futures/define/stateful.ts";
import type { Case } from "../case/case.ts";
import { equal, matches, rejects } from "../case/check.ts";

const HOUR_MS = 3_600_000;

const follow = fn("test/follow", (ctx, handle: FutureHandle<unknown>) => ctx.future(handle));
const cancelIt = fn("test/cancel-it", (ctx, handle: FutureHandle<unknown>) =>
  ctx.cancel(ctx.future(handle)),
);

/**
 * Cases about messages that disappear as soon as their scope is cancelled. They need
 * `scopedCancel`.
 */
export const scopedCancelCases: readonly Case[] = [
  {
    title:
      "a canceled flow leaves only its record at once, and none of its pending work runs later",
    needs: ["scopedCancel", "storedValues"],
    async run({ start, time }) {
      const ran: unknown[] = [];
      const witness = fn("test/witness", (_, input: unknown) => ran.push(input));
      const parent = fn("test/parent", (ctx) => {
        const slept = Array.from({ length: 20 }, () => ctx.sleep(1000));
        const many = ctx.onComplete(ctx.all(slept), witness);
        const raced = ctx.onComplete(
          ctx.race([ctx.sleep(1000), ctx.event("e"), ctx.timeout(ctx.event("f"), 900)]),
          witness,
        );
        return ctx.all([many, raced, ctx.invoke(witness, [ctx.sleep(1000), ctx.sleep(900)])]);
      });
      const { client, stored } = await start([parent, witness]);
      const handle = await client.start(parent, undefined, { id: "p" });
      await time.quiet();
      equal(await client.cancel(handle), true);
      await time.eventually(async () => equal(await stored(), 1));
      await time.advance(2000);
      equal(ran, []);
      equal(await stored(), 1);
    },
  },
  {
    title: "cleanup continuations of a canceled flow run to their end, with all that they start",
    needs: ["scopedCancel"],
    async run({ start, time }) {
      const cleaned: unknown[] = [];
      const release = fn("test/release", (_, { args }: { result: void; args: unknown }) =>
        cleaned.push(args),
      );
      const cleanUp = fn("test/clean-up", (ctx, settlement: Settlement<unknown>) =>
        ctx.onComplete(
          ctx.sleep(100),
          release,
          settlement.status === "rejected" && settlement.reason.code,
        ),
      );
      const inner = fn("test/inner", (ctx) => ctx.onSettled(ctx.promise(), cleanUp));
      const parent = fn("test/parent", (ctx) => [
        ctx.onSettled(ctx.sleep(HOUR_MS), cleanUp),
        ctx.invoke(inner),
      ]);
      const { client } = await start([parent, inner, cleanUp, release]);
      const handle = await client.start(parent, undefined, { id: "p" });
      await time.quiet();
      equal(await client.cancel(handle), true);
      matches(await handle.status(), { status: "cancelled" });
      await time.advance(100);
      await time.eventually(async () => equal(cleaned, ["CANCELLED", "CANCELLED"]));
      matches(await handle.status(), { status: "cancelled" });
    },
  },
  {
    title: "a cleanup that passes the cancellation on is not counted as an unhandled rejection",
    needs: ["scopedCancel"],
    async run({ start, time }) {
      const passOn = fn("test/pass-on", (ctx, settlement: Settlement<unknown>): Future<never> =>
        ctx.rejected(settlement.status === "rejected" ? settlement.reason : "not rejected"),
      );
      const fail = fn("test/fail", (_, settlement: Settlement<unknown>) => {
        throw new Error(settlement.status);
      });
      const parent = fn("test/parent", (ctx) => [
        ctx.onSettled(ctx.sleep(HOUR_MS), passOn),
        ctx.onSettled(ctx.sleep(HOUR_MS), fail),
      ]);
      const { client } = await start([parent, passOn, fail]);
      const handle = await client.start(parent, undefined, { id: "p" });
      await time.quiet();
      equal(await client.cancel(handle), true);
      await time.eventually(async () =>
        matches((await handle.status()).unhandled, [{ message: "rejected" }]),
      );
    },
  },
  {
    title: "a running handler of a canceled flow gets an abort signal, and keeps its state",
    needs: ["scopedCancel"],
    async run({ start, time }) {
      const [seen, ran]: [unknown[], unknown[]] = [[], []];
      const witness = fn("test/witness", (_, input: unknown) => ran.push(input));
      const worker = stateful("test/worker", {
        state: { done: value(0), told: value("") },
        handlers: {
          work: async (ctx) => {
            seen.push(ctx.signal.aborted);
            ctx.signal.addEventListener("abort", () => seen.push("told"));
            await time.work(500);
            seen.push(ctx.signal.aborted);
            ctx.state.done = 1;
            ctx.send(worker.tell, "one-way", { id: "other" });
            return ctx.onComplete(ctx.invoke(witness, "invoked"), witness);
          },
          tell: (ctx, line: string) => void (ctx.state.told = line),
          read: (ctx) => ({ ...ctx.state }),
        },
      });
      const { client } = await start([worker, witness]);
      const handle = await client.start(worker.work, undefined, { id: "w", key: "k" });
      await time.eventually(async () => equal(seen, [false]));
      equal(await client.cancel(handle), true);
      await rejects(handle.result(), { code: "CANCELLED" });
      await time.advance(1000);
      equal(seen, [false, "told", true]);
      equal(await client.call(worker.read, undefined, { id: "w" }), { done: 1, told: "" });
      equal(await client.call(worker.read, undefined, { id: "other" }), {
        done: 0,
        told: "one-way",
      });
      equal(ran, []);
      matches(await handle.status(), { status: "cancelled" });
    },
  },
  {
    title: "clean-up waits until the handlers it cleans up after have ended, and is told how",
    needs: ["scopedCancel"],
    async run({ start, time }) {
      const [ended, told]: [unknown[], unknown[]] = [[], []];
      const works = fn("test/works", async (ctx, name: string) => {
        await time.work(500);
        ended.push(name);
        if (name === "throws late") throw new Error(String(ctx.signal.aborted));
        return name === "waits" ? ctx.promise() : name;
      });
      const clean = fn(
        "test/clean",
        (_, { result, args }: { result: Settlement<unknown>; args: string }) => {
          const { run, fulfilled } = result.status === "rejected" ? result : {};
          told.push([args, run, fulfilled?.value, ended.includes(args)]);
        },
      );
      const names = ["ends well", "throws late", "waits"];
      const parent = fn("test/parent", (ctx) => [
        ...names.map((name) => ctx.onSettled(ctx.invoke(works, name), clean, name)),
        ctx.onSettled(ctx.sleep(HOUR_MS), clean, "sleeps"),
      ]);
      const { client } = await start([parent, works, clean]);
      const handle = await client.start(parent, undefined, { id: "p" });
      await time.quiet();
      equal(await client.cancel(handle), true);
      matches(await handle.status(), { status: "cancelled" });
      equal(ended, []);
      await time.eventually(async () => equal(told, [["sleeps", "neverBegan", undefined, false]]));
      await time.advance(600);
      await time.eventually(async () => equal(told.length, 1 + names.length));
      const [, ...others] = told;
      equal(
        new Map(others.map((line) => [(line as readonly unknown[])[0], line])),
        new Map([
          ["ends well", ["ends well", "fulfilled", "ends well", true]],
          ["throws late", ["throws late", "unknown", undefined, true]],
          ["waits", ["waits", "unknown", undefined, true]],
        ]),
      );
    },
  },
  {
    title: "a canceled handler that does not end in its grace is given up, with its late effects",
    needs: ["scopedCancel"],
    async run({ start, time }) {
      const told: unknown[] = [];
      const box = stateful("test/box", {
        state: { n: value(0) },
        grace: 200,
        handlers: {
          async add(ctx) {
            await time.work(1000);
            ctx.state.n++;
          },
          read: (ctx) => ctx.state.n,
        },
      });
      const clean = fn("test/clean", (_, settlement: Settlement<unknown>) => {
        told.push(settlement.status === "rejected" && settlement.run);
      });
      const parent = fn("test/parent", (ctx) =>
        ctx.onSettled(ctx.invoke(box.add, undefined, { id: "b" }), clean),
      );
      const { client } = await start([parent, box, clean]);
      const handle = await client.start(parent, undefined, { id: "p" });
      await time.quiet();
      equal(await client.cancel(handle), true);
      await time.advance(300);
      await time.eventually(async () => equal(told, ["unknown"]));
      await time.advance(1000);
      equal(await client.call(box.read, undefined, { id: "b" }), 0);
    },
  },
  {
    title: "a canceled flow's calls leave the queue of a busy address, and the calls of others run",
    needs: ["scopedCancel"],
    async run({ start, time }) {
      const busy = stateful("test/busy", {
        state: { done: value<string[]>([]) },
        handlers: {
          work: async (ctx, name: string) => {
            await time.work(500);
            ctx.state.done.push(name);
            return [...ctx.state.done];
          },
        },
      });
      const { client } = await start([busy]);
      const [one, two, three] = [
        await client.start(busy.work, "one", { id: "b", key: "1" }),
        await client.start(busy.work, "two", { id: "b", key: "2" }),
        await client.start(busy.work, "three", { id: "b", key: "3" }),
      ];
      equal(await client.cancel(two), true);
      await rejects(two.result(), { code: "CANCELLED" });
      equal(await one.result(), ["one"]);
      equal(await three.result(), ["one", "three"]);
    },
  },
  {
    title:
      "settling a promise of a canceled flow, or of a branch that lost, is rejected with CANCELLED",
    needs: ["scopedCancel"],
    async run({ start, time }) {
      const parent = fn("test/parent", (ctx) => {
        const [kept, lost] = [ctx.promise<number>(), ctx.promise<number>()];
        ctx.setStatus([kept.token, lost.token]);
        return ctx.all([kept, ctx.race([lost, ctx.sleep(50)])]);
      });
      const { client } = await start([parent]);
      const handle = await client.start(parent, undefined, { id: "p" });
      await time.advance(100);
      const [kept = "", lost = ""] = (await handle.status()).custom as string[];
      await time.eventually(() => rejects(client.settle(lost, 1), { code: "CANCELLED" }));
      equal(await client.cancel(handle), true);
      await time.eventually(() => rejects(client.settle(kept, 1), { code: "CANCELLED" }));
      await rejects(client.reject(kept, "no"), { code: "CANCELLED" });
    },
  },
  {
    title: "a blocked handler of a canceled flow ends with CANCELLED",
    needs: ["scopedCancel", "blockingGet"],
    async run({ start, time }) {
      const caught: unknown[] = [];
      const blocking = fn("test/blocking", async (ctx) => {
        try {
          return await ctx.get(ctx.sleep(HOUR_MS));
        } catch (error) {
          caught.push(error);
          throw error;
        }
      });
      const { client } = await start([blocking]);
      const handle = await client.start(blocking, undefined, { id: "b" });
      await time.quiet();
      equal(await client.cancel(handle), true);
      await time.eventually(async () => matches(caught, [{ code: "CANCELLED" }]));
    },
  },
  {
    title: "the work of an escaped future that is canceled through its handle does not run",
    needs: ["scopedCancel"],
    async run({ start, time }) {
      const ran: unknown[] = [];
      const witness = fn("test/witness", () => ran.push(1));
      const begin = fn("test/begin", (ctx) => ({
        work: ctx.onComplete(ctx.sleep(1000), witness).handle(),
      }));
      const { client } = await start([begin, witness, cancelIt]);
      const { work } = await client.call(begin);
      await client.call(cancelIt, work);
      await time.advance(2000);
      equal(ran, []);
    },
  },
  {
    title: "a canceled flow stops waiting for futures elsewhere, and leaves them to others",
    needs: ["scopedCancel", "storedValues", "virtualTime"],
    async run({ start, time }) {
      const begin = fn("test/begin", (ctx) => ({
        work: ctx.onComplete(ctx.sleep(1000), done).handle(),
      }));
      const done = fn("test/done", () => "done");
      const { client, stored } = await start([begin, done, follow], { retentionMs: 60_000 });
      const { work } = await client.call(begin);
      const [one, other] = [await client.start(follow, work), await client.start(follow, work)];
      await time.quiet();
      equal(await client.cancel(one), true);
      equal(await other.result(), "done");
      await rejects(one.result(), { code: "CANCELLED" });
      await time.advance(24 * HOUR_MS);
      equal(await stored(), 0);
    },
  },
];
