// Definitions of every kind. A project that exports them compiles with declarations.
import { fn, NEW_STATE, stateful, value } from "handback";
import type { Future } from "handback";
import { chain, fanOut, keep, parallel, retry, saga, tap, withTimeout } from "handback/patterns";

export interface Order {
  id: string;
  cents: number;
}
export const count = fn("t/count", (_, n: number) => n);
export const none = fn("t/none", () => 1);
export const optional = fn("t/optional", (_, n?: number) => n ?? 1);
export const byDefault = fn("t/default", (_, n: number = 5) => n);
export const withOptions = fn("t/options", { timeout: "1m" }, (_, n: number = 5) => n);
export const main = fn("t/main", (ctx, n: number) => ({
  counted: ctx.invoke(count, n),
  more: [ctx.invoke(byDefault), ctx.invoke(optional)],
  slept: ctx.sleep(1),
}));
export const settled = fn("t/settled", (ctx, n: number) =>
  ctx.allSettled([ctx.invoke(count, n), ctx.promise<Date>()]),
);
export const waiting = fn("t/waiting", (ctx, n: number) =>
  ctx.wait([ctx.invoke(count, n)], { count: 1 }),
);
export const handled = fn("t/handled", (ctx, n: number) => ({
  handle: ctx.invoke(count, n).handle(),
}));
export const recursive = fn("t/recursive", (ctx, n: number): number | Future<number> =>
  n === 0 ? 0 : ctx.invoke(recursive, n - 1),
);
export const counter = stateful("t/counter", {
  state: { count: value(0), last: value<Order>(), seen: value(new Set<string>()) },
  handlers: {
    add: (ctx, n: number) => (ctx.state.count += n),
    increase: (ctx, n: number = 1) => (ctx.state.count += n),
    clear: (ctx) => ctx.terminate(),
  },
  queries: { peek: (ctx) => ctx.state.count, last: (ctx) => ctx.state.last },
});
export const fresh = { id: NEW_STATE };
export const line = chain("t/line", count, (n: number) => n + 1, count);
export const wide = chain(
  "t/wide",
  parallel(count, byDefault),
  ([a, b]: readonly [number, number]) => a + b,
);
export const step = keep(count);
export const tapped = tap(count);
export const sum = fanOut("t/sum", { each: count, join: (all) => all.length });
export const tried = retry("t/tried", count, { maxAttempts: 3 });
export const timed = withTimeout("t/timed", count, "1m");
export const steps = saga("t/saga", { do: count, undo: count });
