// What `createClient` infers. Checked by tsc; never run.
/* oxlint-disable -- wrong programs, on purpose */
import { fn, stateful, value } from "handback";
import type { Fn, FutureHandle, Named } from "handback";
import { createClient } from "handback/client";
import type { NameIn, Plain, RemoteFlow, RemoteStatus } from "handback/client";
import type { FlowReport } from "handback/http";
import { expectType } from "./expect.ts";
import type { Equal, Expect } from "./expect.ts";

const double = fn("t/double", (_ctx, n: number) => 2 * n);
const none = fn("t/none", () => "done" as const);
const optional = fn("t/optional", (_ctx, n?: number) => new Date(n ?? 0));
const cart = stateful("t/cart", {
  state: { items: value(0) },
  handlers: { add: (ctx, n: number) => (ctx.state.items += n) },
  queries: { count: (ctx) => ctx.state.items },
});
declare const unnamed: Fn<boolean, string>;
const functions = [double, none, optional, cart];
const client = createClient<typeof functions>("http://localhost");

type Names = "t/double" | "t/none" | "t/optional" | "t/cart/add" | "t/cart/count";
const module = { double, none, optional, cart, other: 5 };
export type NamesAreKnown = Expect<
  [
    Equal<NameIn<typeof functions>, Names>,
    Equal<NameIn<Omit<typeof module, "other">>, Names>,
    Equal<NameIn<readonly [typeof double, Fn<1, 2>]>, string>,
  ]
>;

expectType<Promise<RemoteFlow<number>>>()(client.start("t/double", 1));
expectType<Promise<number>>()(client.call(double, 1));
expectType<Promise<"done">>()(client.call("t/none"));
expectType<Promise<string>>()(client.call("t/optional"));
expectType<Promise<string>>()(client.call(optional, 5, { key: "k" }));
expectType<Promise<number>>()(client.call("t/cart/add", 1, { id: "a" }));
expectType<Promise<number>>()(client.call(cart.add, 1));
expectType<Promise<number>>()(client.call("t/cart/count"));
const flow = await client.start("t/double", 1);
expectType<Promise<number>>()(flow.result());
expectType<Promise<number>>()(client.result(flow));
expectType<Promise<RemoteStatus<number>>>()(client.status(flow));
expectType<Promise<unknown>>()(client.result("id"));
for await (const item of client.stream<string>(flow, "words")) expectType<string>()(item.value);

// @ts-expect-error: there is no such function
client.start("t/other", 1);
// @ts-expect-error: a stateful function has operations
client.start("t/cart", 1);
// @ts-expect-error: the input is a number
client.start("t/double", "1");
// @ts-expect-error: the input is missing
client.start("t/double");
// @ts-expect-error: an operation takes a number
client.call("t/cart/add", true);
// @ts-expect-error: the function is not served
client.start(unnamed, true);
// @ts-expect-error: there is no such option
client.start("t/double", 1, { delay: 5 });

// A name that the compiler does not know may be any of those without one.
const mixed = [double, unnamed];
const some = createClient<typeof mixed>("http://localhost");
expectType<Promise<number>>()(some.call("t/double", 1));
expectType<Promise<string>>()(some.call("t/unnamed", true));
// @ts-expect-error: this name is known
some.call("t/double", true);

// Without functions, everything is unknown.
const untyped = createClient("http://localhost");
expectType<Promise<unknown>>()(untyped.call("t/any", { any: "input" }));
expectType<Promise<unknown>>()(untyped.call("t/any"));

export type PlainValues = Expect<
  [
    Equal<Plain<Date>, string>,
    Equal<Plain<{ at: Date; n?: bigint }>, { at: string; n?: string }>,
    Equal<Plain<Map<string, Date>>, [string, string][]>,
    Equal<Plain<Set<Uint8Array>>, string[]>,
    Equal<Plain<(Date | undefined)[]>, (string | null)[]>,
    Equal<Plain<readonly [Date, 1]>, readonly [string, 1]>,
    Equal<Plain<{ job: FutureHandle<number> }>, { job: undefined }>,
    Equal<Plain<unknown>, unknown>,
    Equal<Plain<any>, any>,
    Equal<Plain<string | null | undefined>, string | null | undefined>,
  ]
>;

// The report of a server is the status of a client.
declare const report: FlowReport;
({ ...report, id: "f" }) satisfies RemoteStatus;
fn("t/named", () => 1) satisfies Fn<void, number> & Named<"t/named">;
