import { fn, stateful, value } from "../../src/index.ts";

const BRANCHES = Array.from({ length: 10 }, (_, index) => index);
const SPREAD = BRANCHES.slice(0, 5);

const noop = fn("bench/noop", (_, text: string) => text);
const counter = stateful("bench/counter", {
  state: { count: value(0) },
  handlers: { add: (ctx, n: number) => (ctx.state.count += n) },
});
const third = fn("bench/third", (_, text: string) => text);
const second = fn("bench/second", { parts: [third] }, (ctx, text: string) =>
  ctx.invoke(third, text),
);
const chain3 = fn("bench/chain3", { parts: [second] }, (ctx, text: string) =>
  ctx.invoke(second, text),
);
const sum = fn("bench/sum", (_, numbers: readonly number[]) =>
  numbers.reduce((total, each) => total + each, 0),
);
const branch = fn("bench/branch", (_, n: number) => n + 1);
const fan10 = fn("bench/fan10", { parts: [branch, sum] }, (ctx) =>
  ctx.onComplete(ctx.all(BRANCHES.map((n) => ctx.invoke(branch, n))), sum),
);
const spread5 = fn("bench/spread5", { parts: [counter, sum] }, (ctx, key: string) =>
  ctx.onComplete(
    ctx.all(SPREAD.map((n) => ctx.invoke(counter.add, 1, { id: `${key}-${n}` }))),
    sum,
  ),
);

const parked = fn("bench/parked", (ctx) => ctx.event("never"));

/** The functions that are measured. */
export const measured = { noop, counter, chain3, fan10, spread5, parked };
