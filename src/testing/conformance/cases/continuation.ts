import type { Failure } from "../../../futures/types/failure.ts";
import { HandbackError } from "../../../core/errors/errors.ts";
import { value } from "../../../core/state/value.ts";
import type { Future, Settlement } from "../../../futures/types/future.ts";
import { fn } from "../../../futures/define/fn.ts";
import { stateful } from "../../../futures/define/stateful.ts";
import { equal, matches } from "../case/check.ts";
import type { Case } from "../case/case.ts";

const echo = fn("test/echo", (_, input: unknown) => input);
const give = fn("test/give", (_, input: unknown) => ({ got: input }));
const fail = fn("test/fail", (_, why: string): number => {
  throw new Error(why);
});
const outcome = fn("test/outcome", (_, settlement: Settlement<unknown>) =>
  settlement.status === "fulfilled"
    ? { value: settlement.value }
    : { reason: settlement.reason.message },
);
const FALSY: readonly unknown[] = [0, "", false, null, undefined];

export const continuationCases: readonly Case[] = [
  {
    title: "a continuation without args gets the result alone, even if it is falsy",
    async run({ start }) {
      const parent = fn("test/parent", (ctx, input: unknown) =>
        ctx.onComplete(ctx.invoke(echo, input), give),
      );
      const { client } = await start([parent, echo, give]);
      for (const falsy of FALSY) equal(await client.call(parent, falsy), { got: falsy });
    },
  },
  {
    title: "a continuation with args gets result and args, even if they are falsy",
    async run({ start }) {
      const both = fn("test/both", (_, input: { result: unknown; args: unknown }) => ({
        keys: Object.keys(input).sort(),
        ...input,
      }));
      const parent = fn("test/parent", (ctx, input: unknown) =>
        ctx.onComplete(ctx.invoke(echo, input), both, input),
      );
      const { client } = await start([parent, echo, both]);
      for (const falsy of FALSY) {
        const got = await client.call(parent, falsy);
        equal(got, { keys: got.keys, result: falsy, args: falsy });
        // The codec may drop a property that is undefined.
        equal(got.result, falsy);
        equal(got.args, falsy);
      }
    },
  },
  {
    title: "futures inside args are resolved",
    async run({ start }) {
      const both = fn(
        "test/both",
        (_, input: { result: unknown; args: { extra: readonly unknown[] } }) => input,
      );
      const parent = fn("test/parent", (ctx) =>
        ctx.onComplete(ctx.invoke(echo, "result"), both, {
          extra: [ctx.invoke(echo, "extra"), ctx.sleep(10), 3],
        }),
      );
      const { client } = await start([parent, echo, both]);
      equal(await client.call(parent), {
        result: "result",
        args: { extra: ["extra", undefined, 3] },
      });
    },
  },
  {
    title: "a rejection skips continuations of values, up to the first one of settlements",
    async run({ start }) {
      const called: unknown[] = [];
      const witness = fn("test/witness", (_, input: unknown) => called.push(input));
      const parent = fn("test/parent", (ctx) =>
        ctx.onSettled(
          ctx.onComplete(ctx.onComplete(ctx.invoke(fail, "early"), witness), witness, 1),
          outcome,
        ),
      );
      const { client } = await start([parent, fail, witness, outcome]);
      equal(await client.call(parent), { reason: "early" });
      equal(called, []);
    },
  },
  {
    title: "a continuation of settlements gets fulfillments and rejections, with and without args",
    async run({ start }) {
      const withArgs = fn(
        "test/with-args",
        (_, { result, args }: { result: Settlement<unknown>; args: string }) => ({
          status: result.status,
          args,
        }),
      );
      const parent = fn("test/parent", (ctx) => ({
        fulfilled: ctx.onSettled(ctx.invoke(echo, 0), outcome),
        rejected: ctx.onSettled(ctx.invoke(fail, "why"), outcome),
        fulfilledArgs: ctx.onSettled(ctx.invoke(echo, 0), withArgs, "a"),
        rejectedArgs: ctx.onSettled(ctx.invoke(fail, "why"), withArgs, "b"),
      }));
      const { client } = await start([parent, echo, fail, outcome, withArgs]);
      equal(await client.call(parent), {
        fulfilled: { value: 0 },
        rejected: { reason: "why" },
        fulfilledArgs: { status: "fulfilled", args: "a" },
        rejectedArgs: { status: "rejected", args: "b" },
      });
    },
  },
  {
    title: "the reason of a settlement is data that names the function",
    async run({ start }) {
      const reasonOf = fn(
        "test/reason",
        (_, settlement: Settlement<unknown>): Failure | undefined =>
          settlement.status === "rejected" ? settlement.reason : undefined,
      );
      const broken = fn("test/broken", () => {
        throw new TypeError("wrong kind", { cause: new Error("root") });
      });
      const parent = fn("test/parent", (ctx) => ctx.onSettled(ctx.invoke(broken), reasonOf));
      const { client } = await start([parent, broken, reasonOf]);
      matches(await client.call(parent), {
        name: "TypeError",
        message: "wrong kind",
        function: "test/broken",
        cause: { name: "Error", message: "root" },
      });
    },
  },
  {
    title: "a continuation that throws rejects its own future, and no other",
    async run({ start }) {
      const throwing = fn("test/throwing", (_, _result: unknown): number => {
        throw new Error("continuation");
      });
      const parent = fn("test/parent", (ctx) => {
        const base = ctx.invoke(echo, 1);
        return ctx.allSettled([ctx.onComplete(base, throwing), base, ctx.onComplete(base, give)]);
      });
      const { client } = await start([parent, echo, throwing, give]);
      matches(await client.call(parent), [
        { status: "rejected", reason: { message: "continuation" } },
        { status: "fulfilled", value: 1 },
        { status: "fulfilled", value: { got: 1 } },
      ]);
    },
  },
  {
    title: "an operation can be a continuation, at the state that its options name",
    async run({ start }) {
      const sum = stateful("test/sum", {
        state: { total: value(0) },
        handlers: {
          add: (ctx, { result, args }: { result: number; args: string }) =>
            [args, (ctx.state.total += result)] as const,
          settled: (ctx, { result }: { result: Settlement<number>; args: string }) =>
            [result.status, ctx.state.total, ctx.self.id] as const,
        },
      });
      const one = fn("test/one", () => 1);
      const parent = fn("test/parent", (ctx, id: string) =>
        ctx.onComplete(ctx.onComplete(ctx.invoke(one), sum.add, "added", { id }), after, id),
      );
      const after = fn(
        "test/after",
        (ctx, { result, args: id }: { result: readonly unknown[]; args: string }) => [
          result,
          ctx.onSettled(ctx.invoke(fail, "no"), sum.settled, "", { id }),
        ],
      );
      const { client } = await start([parent, after, one, sum, fail]);
      equal(await client.call(parent, "a"), [
        ["added", 1],
        ["rejected", 1, "a"],
      ]);
      equal(await client.call(parent, "a"), [
        ["added", 2],
        ["rejected", 2, "a"],
      ]);
    },
  },
  {
    title: "the reason of a settlement keeps all its details when a handler rejects with it again",
    async run({ start }) {
      const broken = fn("test/broken", () => {
        throw new HandbackError("NOT_FOUND", "not there", {
          details: { id: 5 },
          cause: new AggregateError([new Error("a")], "several"),
        });
      });
      const again = fn("test/again", (ctx, settlement: Settlement<unknown>): Future<never> =>
        ctx.rejected(settlement.status === "rejected" ? settlement.reason : "fulfilled"),
      );
      const parent = fn("test/parent", (ctx) => {
        const base = ctx.invoke(broken);
        return ctx.allSettled([base, ctx.onSettled(base, again)]);
      });
      const { client } = await start([parent, broken, again]);
      const [first, second] = await client.call(parent);
      matches(first, {
        reason: {
          code: "NOT_FOUND",
          details: { id: 5 },
          function: "test/broken",
          cause: { errors: [{ message: "a" }] },
        },
      });
      equal(second, first);
    },
  },
];
