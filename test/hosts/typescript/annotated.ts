// Definitions whose types are written out, as the compiler's option isolatedDeclarations asks for.
import { fn, stateful, value } from "handback";
import type { Fn, Operations, StatefulFn, StatefulFunction } from "handback";

export const count: Fn<number, number> = fn("t/count", (_, n: number) => n);

export const byDefault: Fn<number | undefined, number> = fn("t/default", (_, n: number = 5) => n);

interface CounterState {
  count: number;
}
interface Counter extends StatefulFunction<CounterState> {
  readonly add: StatefulFn<number, number>;
}
export const counter: Counter = stateful("t/counter", {
  state: { count: value(0) },
  handlers: { add: (ctx, n: number) => (ctx.state.count += n) },
});

export const named: StatefulFunction<CounterState> & Operations<{ peek: () => number }> = stateful(
  "t/named",
  { state: { count: value(0) }, handlers: { peek: (ctx) => ctx.state.count } },
);
