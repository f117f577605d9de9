// What `fn` and `stateful` infer. Checked by tsc; never run.
/* oxlint-disable -- wrong programs, on purpose */
import { value } from "../../src/core/state/value.ts";
import type { StandardSchemaV1 } from "../../src/core/validation/standard-schema.ts";
import type { Context } from "../../src/futures/types/context.ts";
import type { DefineFn, DefineStateful, StatefulFunction } from "../../src/futures/types/define.ts";
import type { Fn, InputOf, Named, OutputOf, StatefulFn } from "../../src/futures/types/function.ts";
import type { Future } from "../../src/futures/types/future.ts";
import type { FutureHandle } from "../../src/futures/types/handle.ts";
import { expectType } from "./expect.ts";
import type { Equal, Expect } from "./expect.ts";

declare const fn: DefineFn;
declare const stateful: DefineStateful;

interface Order {
  id: string;
  channels: string[];
}
interface Job {
  id: string;
  deadline: number;
}
type Outcome = "done" | "terminated";

// --- DESIGN section 1, as written there ---

interface Reservation {
  shelf: number;
}
interface Charge {
  cents: number;
}
const reserve = fn("shop/reserve", (_ctx, order: Order): Reservation => ({
  shelf: order.channels.length,
}));
const charge = fn(
  "shop/charge",
  (_ctx, input: { order: Order; reserved: Reservation }): Charge => ({
    cents: input.reserved.shelf,
  }),
);
const notify = fn("shop/notify", async (_ctx, input: { channel: string; charged: Charge }) => ({
  sentTo: input.channel,
}));
const receipt = fn(
  "shop/receipt",
  (_ctx, input: { charged: Charge; notices: { sentTo: string }[] }) =>
    `paid ${input.charged.cents}`,
);

const checkout = fn("shop/checkout", (ctx, order: Order) => {
  const reserved = ctx.invoke(reserve, order); // Future<Reservation>
  const charged = ctx.invoke(charge, { order, reserved }); // a future inside an input
  const notices = order.channels.map((channel) => ctx.invoke(notify, { channel, charged }));
  return ctx.invoke(receipt, { charged, notices }); // joins all; handed back
});
expectType<Fn<Order, string> & Named<"shop/checkout">>()(checkout);

type Decide = { result: string; args: Job };
const status = fn("etl/status", (_ctx, job: Job) => job.id);
const terminate = fn("etl/terminate", (_ctx, job: Job): Outcome =>
  job.deadline > 0 ? "terminated" : "done",
);
const check = fn("etl/check", (ctx, job: Job): Future<Outcome> =>
  ctx.onComplete(ctx.invoke(status, job), decide, job),
);
const decide = fn("etl/decide", (ctx, { result, args: job }: Decide): Outcome | Future<Outcome> =>
  result === "done"
    ? "done"
    : ctx.now() > job.deadline
      ? ctx.invoke(terminate, job)
      : ctx.invoke(check, job, { after: [ctx.sleep("30s")] }),
); // loops 100,000 times in O(1) space
expectType<Fn<Job, Outcome> & Named<"etl/check">>()(check);
expectType<Fn<Decide, Outcome> & Named<"etl/decide">>()(decide);

// --- fn ---

const none = fn("t/none", () => 1);
expectType<Fn<void, number> & Named<"t/none">>()(none);
expectType<Fn<void, string> & Named<"t/ctx">>()(fn("t/ctx", (ctx) => ctx.self.id));
expectType<Fn<number | undefined, number> & Named<"t/optional">>()(
  fn("t/optional", (_ctx, n?: number) => n ?? 0),
);
expectType<Fn<unknown, number> & Named<"t/unknown">>()(
  fn("t/unknown", (_ctx, input: unknown) => String(input).length),
);
expectType<Fn<number, void> & Named<"t/void">>()(
  fn("t/void", (ctx, n: number) => ctx.setStatus(n)),
);
expectType<Fn<void, number> & Named<"t/async-future">>()(
  fn("t/async-future", async (ctx) => ctx.invoke(none)),
);
expectType<Fn<boolean, number> & Named<"t/union">>()(
  fn("t/union", (ctx, now: boolean) => (now ? 1 : ctx.invoke(none))),
);
expectType<Fn<void, { charged: number; list: number[] }> & Named<"t/join">>()(
  fn("t/join", (ctx) => ({ charged: ctx.invoke(none), list: [ctx.invoke(none)] })),
);
expectType<Fn<void, { job: FutureHandle<number> }> & Named<"t/handle">>()(
  fn("t/handle", (ctx) => ({ job: ctx.invoke(none).handle() })),
);
expectType<Fn<number, number> & Named<"t/options">>()(
  fn(
    "t/options",
    {
      timeout: "1m",
      retry: { maxAttempts: 3, initialDelay: "100ms", factor: 2, maxDelay: 5_000 },
      aliases: ["t/old"],
    },
    (_ctx, n: number) => n,
  ),
);

declare const orderSchema: StandardSchemaV1<{ id: string; channels?: string[] }, Order>;
const checked = fn("t/schema", { input: orderSchema }, (_ctx, order) => order.channels.length);
expectType<Fn<{ id: string; channels?: string[] }, number> & Named<"t/schema">>()(checked);

export type FunctionParts = Expect<
  [
    Equal<InputOf<typeof check>, Job>,
    Equal<OutputOf<typeof check>, Outcome>,
    Equal<InputOf<typeof none>, void>,
  ]
>;

// A function that takes more is a function that takes less, and one that gives less gives more.
fn("t/variance", () => 1) satisfies Fn<void, number | string>;
({}) as Fn<string | number, 1> satisfies Fn<string, number>;

// @ts-expect-error a function of numbers does not take strings
({}) as Fn<number, number> satisfies Fn<string, number>;
// @ts-expect-error a function that gives a string does not give a number
({}) as Fn<number, string> satisfies Fn<number, number>;
// @ts-expect-error a stateless function is no operation of a stateful one
({}) as Fn<number, number> satisfies StatefulFn<number, number>;
// @ts-expect-error an operation of a stateful function is not stateless
({}) as StatefulFn<number, number> satisfies Fn<number, number>;
// @ts-expect-error a handler is a function
fn("t/wrong", 1);
// @ts-expect-error an input that was not annotated is void, and has no properties
fn("t/wrong", (_ctx, input) => input.length);
// @ts-expect-error a duration has a known unit
fn("t/wrong", { timeout: "5 minutes" }, () => 1);
// @ts-expect-error an option that does not exist
fn("t/wrong", { timeOut: 5 }, () => 1);
// @ts-expect-error a retry policy says how many attempts
fn("t/wrong", { retry: { factor: 2 } }, () => 1);
// @ts-expect-error the schema gives an Order, not a Job
fn("t/wrong", { input: orderSchema }, (_ctx, job: Job) => job.id);
// @ts-expect-error a stateless function has no state
fn("t/wrong", (ctx) => ctx.state.count);
// @ts-expect-error a context has no such method
fn("t/wrong", (ctx) => ctx.call(none));

// --- stateful ---

interface Item {
  sku: string;
  tags: string[];
}
const counter = stateful("t/counter", {
  state: {
    count: value(0),
    items: value<Item[]>([]),
    name: value<string>(),
    mode: value<"a" | "b">("a", { expireAfterWrite: "1h" }),
  },
  handlers: {
    add(ctx, n: number) {
      ctx.state.count += n;
      return ctx.state.count;
    },
    push: (ctx, item: Item) => {
      ctx.state.items.push(item);
      ctx.state.mode = "b";
    },
    rename: (ctx, name?: string) => {
      if (name === undefined) delete ctx.state.name;
      else ctx.state.name = name;
      return ctx.state.name;
    },
    later: (ctx, n: number) => ctx.invoke(none, undefined, { after: [ctx.sleep(n)] }),
    clear: async (ctx) => ctx.terminate(),
    zero: () => 0,
  },
  queries: {
    get(ctx) {
      return ctx.state.count;
    },
    has: (ctx, sku: string) => ctx.state.items.some((item) => item.sku === sku),
  },
});
expectType<StatefulFn<number, number>>()(counter.add);
expectType<StatefulFn<Item, void>>()(counter.push);
expectType<StatefulFn<string | undefined, string | undefined>>()(counter.rename);
expectType<StatefulFn<number, number>>()(counter.later);
expectType<StatefulFn<void, void>>()(counter.clear);
expectType<StatefulFn<void, number>>()(counter.zero);
expectType<StatefulFn<void, number>>()(counter.get);
expectType<StatefulFn<string, boolean>>()(counter.has);
expectType<"t/counter">()(counter.type);
counter satisfies StatefulFunction<{
  count: number;
  items: Item[];
  name?: string | undefined;
  mode: "a" | "b";
}>;

const bare = stateful("t/bare", { state: {}, handlers: { ping: () => "pong" as const } });
expectType<StatefulFn<void, "pong">>()(bare.ping);

// Queries whose types are known beforehand leave the handlers' context its type.
const sized = (ctx: { readonly state: { readonly count: number } }): number => ctx.state.count;
const fixed = stateful("t/fixed", {
  state: { count: value(0) },
  queries: { limit: () => 9, sized },
  handlers: { add: (ctx, n: number) => (ctx.state.count += n), reset: () => 0 },
  operationAliases: { sized: ["size"], add: ["increase"] },
});
expectType<StatefulFn<number, number>>()(fixed.add);
expectType<StatefulFn<void, number>>()(fixed.limit);
expectType<StatefulFn<void, number>>()(fixed.sized);
const half = stateful("t/half", {
  state: { count: value(0) },
  handlers: { add: (ctx, n: number) => (ctx.state.count += n) },
  queries: { limit: () => 9, get: (ctx) => ctx.state.count },
});
expectType<StatefulFn<void, number>>()(half.get);

// An input with a default value may be left out, and has the type of that value.
const stepping = stateful("t/stepping", {
  state: { count: value(0) },
  handlers: { add: (ctx, by = 1) => (ctx.state.count += by) },
  queries: { plus: (ctx, by = 1) => ctx.state.count + by },
});
expectType<StatefulFn<number | undefined, number>>()(stepping.add);
expectType<StatefulFn<number | undefined, number>>()(stepping.plus);

const versioned = stateful("t/versioned", {
  state: { total: value(0) },
  version: 2,
  migrate: (old, fromVersion) => ({ total: fromVersion === 1 ? Number(old["sum"]) : 0 }),
  ageOut: "30d",
  handlers: { get: (ctx) => ctx.state.total },
});
expectType<StatefulFn<void, number>>()(versioned.get);

// Operations that call each other annotate what they return.
const looping = stateful("t/looping", {
  state: { left: value(3) },
  handlers: {
    step(ctx): number | Future<number> {
      return ctx.state.left-- > 0 ? ctx.invoke(looping.step, undefined, { id: ctx.self.id }) : 0;
    },
  },
});
expectType<StatefulFn<void, number>>()(looping.step);

stateful("t/wrong", {
  state: { count: value(0) },
  handlers: {
    // @ts-expect-error a value that was not declared
    a: (ctx) => ctx.state.total,
    b: (ctx) => {
      // @ts-expect-error a string in a number's place
      ctx.state.count = "1";
    },
    r: (ctx) => {
      delete (ctx.state as Partial<typeof ctx.state>).count;
      // @ts-expect-error TypeScript allows `delete` on optional names only
      delete ctx.state.count;
    },
    c: (ctx) => {
      // @ts-expect-error state holds handles, never futures
      ctx.state.count = ctx.invoke(counter.add, 1);
    },
  },
  queries: {
    d: (ctx) => {
      // @ts-expect-error a query does not write
      ctx.state.count = 1;
    },
    // @ts-expect-error a query does not invoke
    e: (ctx) => ctx.invoke(none),
  },
});
stateful("t/wrong", {
  state: { items: value<Item[]>([]) },
  handlers: {},
  queries: {
    a: (ctx) => {
      // @ts-expect-error a query does not write, at any depth
      ctx.state.items[0]?.tags.push("x");
    },
  },
});
// @ts-expect-error an operation cannot be named `type`
stateful("t/wrong", { state: {}, handlers: { type: () => 1 } });
// @ts-expect-error a query cannot have the name of a handler
stateful("t/wrong", { state: {}, handlers: { get: () => 1 }, queries: { get: () => 1 } });
stateful("t/wrong", {
  state: { count: value(0) },
  // @ts-expect-error the same, with a context
  handlers: { add: () => 1, get: (ctx) => ctx.state.count },
  queries: { get: (ctx) => ctx.state.count },
});
// @ts-expect-error values are declared with `value`
stateful("t/wrong", { state: { count: 0 }, handlers: {} });
// @ts-expect-error a migration gives the new state
stateful("t/wrong", { state: { count: value(0) }, handlers: {}, migrate: () => ({ total: 1 }) });
// @ts-expect-error an option that does not exist
stateful("t/wrong", { state: {}, handlers: {}, expire: "1d" });
stateful("t/wrong", {
  state: { future: value<Future<number>>() },
  handlers: {
    set: (ctx) => {
      // @ts-expect-error state holds handles, never futures, even if declared so
      ctx.state.future = ctx.invoke(none);
    },
  },
});
// @ts-expect-error there is no such operation
counter.subtract;

// --- values ---

expectType<number>()(value(0).initial);
expectType<boolean>()(value(false).initial);
expectType<string | undefined>()(value<string>().initial);
expectType<string | undefined>()(value<string>(undefined, { expireAfterCall: "1h" }).initial);
expectType<{ kind: string }>()(value({ kind: "x" }).initial);
// @ts-expect-error an initial value of another type
value<string>(1);
// @ts-expect-error a duration has a known unit
value(0, { expireAfterWrite: "1 hour" });

// A helper of stateless contexts takes stateful ones.
export function remind(ctx: Context, text: string): Future<void> {
  ctx.log.info(text);
  return ctx.sleep("1h");
}
stateful("t/helped", { state: { count: value(0) }, handlers: { go: (ctx) => remind(ctx, "go") } });
