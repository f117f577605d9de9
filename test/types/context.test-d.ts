// What handlers may do with their context. Checked by tsc; never run.
/* oxlint-disable -- wrong programs, on purpose */
import type { Context, DeepReadonly, Waited } from "../../src/futures/types/context.ts";
import type { DefineFn } from "../../src/futures/types/define.ts";
import type { Fn, StatefulFn } from "../../src/futures/types/function.ts";
import type { Failure } from "../../src/futures/types/failure.ts";
import type {
  Future,
  PromiseFuture,
  Settlement,
  StateFuture,
} from "../../src/futures/types/future.ts";
import type { FutureHandle } from "../../src/futures/types/handle.ts";
import { expectType } from "./expect.ts";
import type { Equal, Expect } from "./expect.ts";

declare const ctx: Context;
declare const fn: DefineFn;
declare const none: Fn<void, number>;
declare const double: Fn<number, number>;
declare const optional: Fn<number | undefined, number>;
declare const anything: Fn<unknown, string>;
declare const anyFn: Fn<any, any>;
declare const add: StatefulFn<number, string>;
declare const save: Fn<{ id: string; n: number }, boolean>;
declare const numbers: Future<number>[];
declare const mixed: (Future<number> | Future<string>)[];

// --- invoke, send ---

expectType<Future<number>>()(ctx.invoke(none));
expectType<Future<number>>()(ctx.invoke(none, undefined, { id: "flow-1" }));
expectType<Future<number>>()(ctx.invoke(none, ctx.sleep(5)));
expectType<Future<number>>()(ctx.invoke(double, 1));
expectType<Future<number>>()(ctx.invoke(double, ctx.invoke(double, 1)));
expectType<Future<number>>()(ctx.invoke(optional));
expectType<Future<number>>()(ctx.invoke(optional, 1));
expectType<Future<string>>()(ctx.invoke(anything));
expectType<Future<string>>()(ctx.invoke(anything, { deep: [ctx.sleep("1s")] }));
expectType<Future<any>>()(ctx.invoke(anyFn, 1));
expectType<StateFuture<string>>()(ctx.invoke(add, 1, { id: "a" }));
expectType<string>()(ctx.invoke(add, 1).stateId);
expectType<string | undefined>()(ctx.invoke(double, 1).stateId);
expectType<Future<boolean>>()(
  ctx.invoke(save, { id: "a", n: ctx.invoke(double, 1) }, { after: [ctx.sleep("1m")] }),
);
expectType<void>()(
  ctx.send(
    save,
    { id: ctx.resolved("a"), n: 1 },
    { delay: "1h", token: "t", replyTo: { function: add, id: "a" } },
  ),
);
expectType<void>()(ctx.send(none));

// @ts-expect-error the input is missing
ctx.invoke(double);
// @ts-expect-error the input is of another type
ctx.invoke(double, "1");
// @ts-expect-error the future is of another type
ctx.invoke(double, ctx.invoke(add, 1));
// @ts-expect-error an input for a function that takes none
ctx.invoke(none, 1);
// @ts-expect-error a promise inside an input
ctx.invoke(save, { id: "a", n: Promise.resolve(1) });
// @ts-expect-error a property too many
ctx.invoke(save, { id: "a", n: 1, m: 2 });
// @ts-expect-error `invoke` has no delay; `send` has
ctx.invoke(double, 1, { delay: "1s" });
// @ts-expect-error `after` takes futures, not durations
ctx.invoke(double, 1, { after: ["1s"] });
// @ts-expect-error a plain function is not registered under a name
ctx.invoke((n: number) => n, 1);
// @ts-expect-error the input is missing
ctx.send(double);
// @ts-expect-error the input is of another type
ctx.send(double, "1");
// @ts-expect-error a duration has a known unit
ctx.send(double, 1, { delay: "1 hour" });
// @ts-expect-error what was sent has no result
ctx.send(double, 1).handle();

// --- onComplete, onSettled ---

declare const decide: Fn<{ result: number; args: { max: number } }, "yes" | "no">;
declare const ofMany: Fn<{ result: number | string; args: string | undefined }, Date>;
declare const settled: Fn<Settlement<number>, string>;
declare const settledWith: Fn<{ result: Settlement<number>; args: string[] }, string>;
declare const onlyResult: Fn<{ result: number }, 1>;
const one = ctx.invoke(double, 1);

expectType<Future<number>>()(ctx.onComplete(one, double));
expectType<Future<string>>()(ctx.onComplete(one, anything));
expectType<Future<string>>()(ctx.onComplete(one, add));
expectType<Future<number>>()(ctx.onComplete(ctx.sleep("1s"), none));
expectType<Future<"yes" | "no">>()(ctx.onComplete(one, decide, { max: 1 }));
expectType<Future<"yes" | "no">>()(ctx.onComplete(one, decide, { max: one }));
expectType<Future<"yes" | "no">>()(ctx.onComplete(one, decide, ctx.resolved({ max: 1 })));
expectType<Future<Date>>()(ctx.onComplete(one, ofMany, "x"));
expectType<Future<Date>>()(ctx.onComplete(one, ofMany, undefined));
expectType<Future<1>>()(ctx.onComplete(one, onlyResult, { what: "ever" }));
expectType<Future<string>>()(ctx.onComplete(one, anything, "x"));
expectType<Future<string>>()(ctx.onSettled(one, settled));
expectType<Future<string>>()(ctx.onSettled(one, settledWith, ["a", ctx.resolved("b")]));

// @ts-expect-error the continuation takes a number, the future gives a string
ctx.onComplete(ctx.invoke(add, 1), double);
// @ts-expect-error a continuation of `{ result, args }` called without args
ctx.onComplete(one, decide);
// @ts-expect-error a continuation of the bare result called with args
ctx.onComplete(one, double, 5);
// @ts-expect-error args of another type
ctx.onComplete(one, decide, { max: "1" });
// @ts-expect-error args with a future of another type
ctx.onComplete(one, decide, { max: ctx.resolved("1") });
// @ts-expect-error args with a property too many
ctx.onComplete(one, decide, { max: 1, min: 0 });
// @ts-expect-error the result is of another type
ctx.onComplete(ctx.invoke(add, 1), decide, { max: 1 });
// @ts-expect-error a closure cannot be kept over a wait; name a function
ctx.onComplete(one, (n: number) => n);
// @ts-expect-error a value is not a future
ctx.onComplete(1, double);
// @ts-expect-error a promise is not a future
ctx.onComplete(Promise.resolve(1), double);
// @ts-expect-error `onSettled` gives a settlement, not the value
ctx.onSettled(one, double);
// @ts-expect-error args of another type
ctx.onSettled(one, settledWith, [1]);

// --- all, allSettled, wait ---

expectType<Future<[number, string]>>()(ctx.all([one, ctx.invoke(add, 1)]));
expectType<Future<number[]>>()(ctx.all(numbers));
expectType<Future<[]>>()(ctx.all([]));
expectType<Future<(number | string)[]>>()(ctx.all(mixed));
expectType<Future<[number, ...number[]]>>()(ctx.all([one, ...numbers]));
expectType<Future<[Settlement<number>, Settlement<string>]>>()(
  ctx.allSettled([one, ctx.invoke(add, 1)]),
);
expectType<Future<Settlement<number>[]>>()(ctx.allSettled(numbers));
expectType<Future<Waited<number>>>()(ctx.wait(numbers, { count: 1, timeout: "5m" }));
expectType<Future<Waited<number | string>>>()(ctx.wait([one, ctx.invoke(add, 1)]));

const first = fn("t/first", (_ctx, { ready, pending }: Waited<number>) => {
  const [winner] = ready;
  const handles: FutureHandle<number>[] = pending.map((one) => one.handle);
  return winner?.status === "fulfilled" ? winner.value + winner.index : handles.length;
});
expectType<Future<number>>()(ctx.onComplete(ctx.wait(numbers), first));

// @ts-expect-error a value is not a future
ctx.all([one, 1]);
// @ts-expect-error a promise is not a future
ctx.all([Promise.resolve(1)]);
// @ts-expect-error futures come as an array
ctx.all(one, one);
// @ts-expect-error a settlement may be a rejection
fn("t/wrong", (_ctx, { ready }: Waited<number>) => ready[0]?.value);
// @ts-expect-error `wait` has no such option
ctx.wait(numbers, { min: 1 });

// --- the others ---

expectType<Future<number>>()(ctx.resolved(1));
expectType<Future<{ n: number }>>()(ctx.resolved({ n: one }));
expectType<Future<never>>()(ctx.rejected(new Error("no")));
expectType<Future<number>>()(ctx.future(one.handle()));
expectType<Future<void>>()(ctx.sleep("1.5h"));
expectType<Future<void>>()(ctx.sleepUntil(new Date()));
expectType<PromiseFuture<boolean>>()(ctx.promise<boolean>());
expectType<string>()(ctx.promise().token);
expectType<Future<{ ok: boolean }>>()(ctx.event<{ ok: boolean }>("decided"));
expectType<Promise<number>>()(ctx.get(one));
expectType<string | undefined>()(ctx.caller?.id);
ctx.rejected({ name: "Refused", message: "no" } satisfies Failure);
fn("t/literal", (ctx): Future<"a" | "b"> => ctx.resolved("a"));
fn("t/literal", (ctx): Future<{ kind: "a" } | { kind: "b" }> => ctx.resolved({ kind: "a" }));

// @ts-expect-error a unit that does not exist
ctx.sleep("1y");
// @ts-expect-error an instant is a Date or a number
ctx.sleepUntil("tomorrow");
// @ts-expect-error a future is not a handle
ctx.future(one);
// @ts-expect-error `get` takes a future
ctx.get(Promise.resolve(1));
// @ts-expect-error a token is a string
ctx.cancelSend(5);
// @ts-expect-error what surrounds a handler cannot be changed
ctx.attempt = 2;

// --- generic code ---

export function twice<Input, Output>(
  ctx: Context,
  f: Fn<Input, Output>,
  input: Input,
): Future<[Output, Output]> {
  return ctx.all([ctx.invoke(f, input), ctx.invoke(f, ctx.resolved(1 as never))]);
}
export function then<A, B, C>(ctx: Context, f: Fn<A, B>, g: Fn<B, C>, input: Future<A>): Future<C> {
  return ctx.onComplete(ctx.invoke(f, input), g);
}
export function nested<A, B>(ctx: Context, f: Fn<{ item: A }, B>, item: A): Future<B> {
  return ctx.invoke(f, { item });
}
export function each<A, B>(ctx: Context, f: StatefulFn<A, B>, items: readonly A[]): Future<B[]> {
  return ctx.all(items.map((item) => ctx.invoke(f, item)));
}

export type ReadonlyCases = Expect<
  [
    Equal<DeepReadonly<{ a: { b: number[] } }>, { readonly a: { readonly b: readonly number[] } }>,
    Equal<
      DeepReadonly<{ at: Date; tags: Set<string> }>,
      { readonly at: Date; readonly tags: ReadonlySet<string> }
    >,
    Equal<DeepReadonly<any>, any>,
    Equal<DeepReadonly<unknown>, unknown>,
  ]
>;
