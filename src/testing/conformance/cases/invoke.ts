import type { Future } from "../../../futures/types/future.ts";
import { fn } from "../../../futures/define/fn.ts";
import { stateful } from "../../../futures/define/stateful.ts";
import { value } from "../../../core/state/value.ts";
import { equal, rejects } from "../case/check.ts";
import type { Case } from "../case/case.ts";

const double = fn("test/double", (_, n: number) => 2 * n);
const echo = fn("test/echo", (_, input: unknown) => input);
const fail = fn("test/fail", (_, why: string): number => {
  throw new Error(why);
});
const counter = stateful("test/counter", {
  state: { count: value(0) },
  handlers: {
    add: (ctx, n: number) => (ctx.state.count += n),
    self: (ctx) => ctx.self.id,
  },
});

/** Values that a careless codec loses. */
const FRAIL: readonly unknown[] = [
  0,
  -0,
  "",
  false,
  null,
  undefined,
  Number.NaN,
  [],
  {},
  [undefined],
  10n,
  new Date(0),
  new Map([[1, { a: [] }]]),
  new Set([null]),
];

function passesBy(where: "input" | "after" | "args"): Case {
  return {
    title: `a function whose ${where} is rejected is not called, and the rejection is passed on`,
    async run({ start }) {
      const called: unknown[] = [];
      const witness = fn("test/witness", (_, input: unknown) => called.push(input));
      const parent = fn("test/parent", (ctx) => {
        const failing = ctx.invoke(fail, "on purpose");
        if (where === "input") return ctx.invoke(witness, { fine: ctx.invoke(double, 1), failing });
        if (where === "after")
          return ctx.invoke(witness, 1, { after: [ctx.invoke(double, 1), failing] });
        return ctx.onComplete(ctx.invoke(double, 1), witness, failing);
      });
      const { client } = await start([parent, witness, double, fail]);
      const failure = { message: "on purpose", function: "test/fail" };
      await rejects(client.call(parent), { code: "FUNCTION_FAILED", failure });
      equal(called, []);
    },
  };
}

export const invokeCases: readonly Case[] = [
  {
    title: "futures anywhere inside an input are resolved",
    async run({ start }) {
      const parent = fn("test/parent", (ctx) =>
        ctx.invoke(echo, {
          whole: ctx.invoke(double, 1),
          list: [ctx.invoke(double, 2), 5, { deep: [[ctx.invoke(double, 3)]] }],
          map: new Map([["key", ctx.invoke(double, 4)]]),
          set: new Set([ctx.invoke(double, 5)]),
          plain: "as it is",
        }),
      );
      const { client } = await start([parent, double, echo]);
      equal(await client.call(parent), {
        whole: 2,
        list: [4, 5, { deep: [[6]] }],
        map: new Map([["key", 8]]),
        set: new Set([10]),
        plain: "as it is",
      });
    },
  },
  {
    title: "futures anywhere inside a returned value are resolved",
    async run({ start }) {
      const parent = fn("test/parent", (ctx) => ({
        one: ctx.invoke(double, 1),
        many: [ctx.invoke(double, 2), "between", ctx.invoke(double, ctx.invoke(double, 3))],
        map: new Map([["key", [ctx.invoke(double, 4)]]]),
      }));
      const { client } = await start([parent, double]);
      equal(await client.call(parent), {
        one: 2,
        many: [4, "between", 12],
        map: new Map([["key", [8]]]),
      });
    },
  },
  {
    title: "one future can be used any number of times",
    async run({ start }) {
      const parent = fn("test/parent", (ctx) => {
        const once = ctx.invoke(double, 4);
        return {
          first: once,
          second: [once, ctx.invoke(double, once)],
          joined: ctx.all([once, once]),
        };
      });
      const { client } = await start([parent, double]);
      equal(await client.call(parent), { first: 8, second: [8, 16], joined: [8, 8] });
    },
  },
  {
    title: "values that are easily lost pass unchanged as inputs, results and parts of joins",
    async run({ start }) {
      const parent = fn("test/parent", (ctx, input: readonly unknown[]) => ({
        own: input,
        echoed: ctx.all(input.map((each) => ctx.invoke(echo, each))),
      }));
      const { client } = await start([parent, echo]);
      equal(await client.call(parent, FRAIL), { own: FRAIL, echoed: FRAIL });
      for (const frail of FRAIL) equal(await client.call(echo, frail), frail);
    },
  },
  {
    title: "`after` waits for completions, and passes on none of their values",
    async run({ start }) {
      const log = stateful("test/log", {
        state: { lines: value<string[]>([]) },
        handlers: {
          write: (ctx, line: string) => void ctx.state.lines.push(line),
          read: (ctx) => [...ctx.state.lines],
        },
      });
      const parent = fn("test/parent", (ctx) => {
        const slow = ctx.invoke(log.write, "slow", { id: "l", after: [ctx.sleep(100)] });
        const last = ctx.invoke(log.write, "last", { id: "l", after: [slow, ctx.sleep(50)] });
        return ctx.invoke(log.read, undefined, { id: "l", after: [last] });
      });
      const { client } = await start([parent, log]);
      equal(await client.call(parent), ["slow", "last"]);
    },
  },
  ...(["input", "after", "args"] as const).map(passesBy),
  {
    title: "an invoke without an id makes a new state, and knows its id at once",
    async run({ start }) {
      const parent = fn("test/parent", (ctx) => {
        const [one, other] = [ctx.invoke(counter.add, 1), ctx.invoke(counter.add, 10)];
        const again = ctx.invoke(counter.add, 2, { id: one.stateId });
        return {
          ids: [one.stateId, other.stateId],
          self: ctx.invoke(counter.self, undefined, { id: one.stateId }),
          one,
          other,
          again,
        };
      });
      const { client } = await start([parent, counter]);
      const { ids, self, ...counts } = await client.call(parent);
      equal(counts, { one: 1, other: 10, again: 3 });
      equal(new Set(ids).size, 2);
      equal(self, ids[0]);
    },
  },
  {
    title: "the id of a new state can be passed to a function that uses it after the first call",
    async run({ start }) {
      const user = fn("test/user", (ctx, { id }: { id: string; ready: number }) =>
        ctx.invoke(counter.add, 5, { id }),
      );
      const parent = fn("test/parent", (ctx) => {
        const made = ctx.invoke(counter.add, 1);
        return ctx.invoke(user, { id: made.stateId, ready: made });
      });
      const { client } = await start([parent, user, counter]);
      equal(await client.call(parent), 6);
    },
  },
  {
    title: "the id of a new state can be passed to a function that uses it at once",
    needs: ["promptOrder"],
    async run({ start }) {
      const user = fn("test/user", (ctx, id: string) => ctx.invoke(counter.add, 5, { id }));
      const parent = fn("test/parent", (ctx) => {
        const made = ctx.invoke(counter.add, 1);
        return [made, ctx.invoke(user, made.stateId)];
      });
      const { client } = await start([parent, user, counter]);
      equal(await client.call(parent), [1, 6]);
    },
  },
  {
    title: "a new state is created at once, even if the call that creates it waits for its input",
    async run({ start }) {
      const one = fn("test/one", () => 1);
      const parent = fn("test/parent", (ctx) => {
        const made = ctx.invoke(counter.add, ctx.invoke(one));
        return [ctx.invoke(counter.add, 5, { id: made.stateId }), made];
      });
      const { client } = await start([parent, one, counter]);
      const [used, made] = await client.call(parent);
      // The two calls come from different senders, so either may be first. Both find the state.
      equal(made, used === 5 ? 6 : 1);
      equal(used, made === 6 ? 5 : 6);
    },
  },
  {
    title: "a generated id without a state says NOT_FOUND",
    async run({ start }) {
      const parent = fn("test/parent", (ctx, id: string) => ctx.invoke(counter.add, 1, { id }));
      const { client } = await start([parent, counter]);
      await rejects(client.call(parent, `@${"0".repeat(40)}`), { code: "NOT_FOUND" });
    },
  },
  {
    title: "a future of a future is flattened, from sync and async handlers",
    async run({ start }) {
      const inner = fn("test/inner", (ctx, n: number) => ctx.invoke(double, n));
      const middle = fn("test/middle", async (ctx, n: number) => {
        await Promise.resolve();
        return ctx.invoke(inner, n);
      });
      const outer = fn("test/outer", (ctx, n: number): Future<number> => ctx.invoke(middle, n));
      const { client } = await start([outer, middle, inner, double]);
      equal(await client.call(outer, 21), 42);
    },
  },
  {
    title: "a thrown error rejects the caller, through every level that handed back the future",
    async run({ start }) {
      const outer = fn("test/outer", (ctx) => ctx.invoke(fail, "deep down"));
      const outermost = fn("test/outermost", (ctx) => [ctx.invoke(outer)]);
      const { client } = await start([outermost, outer, fail]);
      await rejects(client.call(outermost), {
        code: "FUNCTION_FAILED",
        cause: { message: "deep down" },
      });
    },
  },
];
