// An operation of a stateful function needs an id from outside. Checked by tsc; never run.
/* oxlint-disable -- wrong programs, on purpose */
import { fn, NEW_STATE, stateful, value } from "../../src/index.ts";
import type {
  AnyInvokable,
  Client,
  Context,
  FlowHandle,
  Fn,
  InputOf,
  Invokable,
  OutputOf,
  StartOptions,
  StatefulFn,
  StateId,
} from "../../src/index.ts";
import { aggregator, approval, chain, retry, withTimeout } from "../../src/patterns/index.ts";
import type { ApprovalRequest, Batch } from "../../src/patterns/index.ts";
import { expectType } from "./expect.ts";

declare const client: Client;
declare const ctx: Context;
declare const options: StartOptions;

const counter = stateful("t/counter", {
  state: { count: value(0) },
  handlers: {
    add: (ctx, n: number) => (ctx.state.count += n),
    increase: (ctx, n: number = 1) => (ctx.state.count += n),
  },
  queries: { read: (ctx) => ctx.state.count },
});
const double = fn("t/double", (_, n: number) => 2 * n);
const none = fn("t/none", () => 1);

// --- an operation ---

expectType<Promise<number>>()(client.call(counter.add, 1, { id: "a" }));
expectType<Promise<number>>()(client.call(counter.add, 1, { id: NEW_STATE }));
expectType<Promise<number>>()(client.call(counter.add, 1, { id: NEW_STATE, key: "k" }));
expectType<Promise<number>>()(client.call(counter.read, undefined, { id: "a" }));
expectType<Promise<FlowHandle<number>>>()(client.start(counter.add, 1, { id: NEW_STATE }));
ctx.send(counter.add, 1, { id: "a", delay: "1s" });
ctx.send(counter.add, ctx.invoke(double, 1), { id: NEW_STATE });
const at = { id: NEW_STATE };
client.call(counter.add, 1, at);
ctx.send(counter.increase, undefined, at);
const wanted: StateId = Math.random() > 0.5 ? "a" : NEW_STATE;
client.call(counter.add, 1, { id: wanted });

// @ts-expect-error -- no id
client.call(counter.add, 1);
// @ts-expect-error -- a key is no id
client.call(counter.add, 1, { key: "k" });
// @ts-expect-error -- perhaps no id
client.call(counter.add, 1, options);
// @ts-expect-error -- no id
client.call(counter.add, 1, {});
// @ts-expect-error -- no id
client.call(counter.add, 1, { id: undefined });
// @ts-expect-error -- any other symbol
client.call(counter.add, 1, { id: Symbol() });
// @ts-expect-error -- no id, of a query
client.call(counter.read);
// @ts-expect-error -- no id, for an input that can be left out
client.call(counter.increase);
// @ts-expect-error -- no id
client.start(counter.add, 1);
// @ts-expect-error -- no id, of a query
client.start(counter.read);
// @ts-expect-error -- a wrong input with an id
client.call(counter.add, "1", { id: "a" });
// @ts-expect-error -- no id
ctx.send(counter.add, 1);
// @ts-expect-error -- no id
ctx.send(counter.increase);
// @ts-expect-error -- a delay is no id
ctx.send(counter.add, 1, { delay: "1s" });

// --- ctx.invoke knows the new state, so it needs no id ---

expectType<string>()(ctx.invoke(counter.add, 1).stateId);
expectType<string>()(ctx.invoke(counter.read).stateId);
expectType<string>()(ctx.invoke(counter.add, 1, { id: NEW_STATE }).stateId);
ctx.onComplete(ctx.invoke(double, 1), counter.add);

// --- a stateless function ---

expectType<Promise<number>>()(client.call(double, 1));
expectType<Promise<number>>()(client.call(double, 1, { id: "a" }));
expectType<Promise<number>>()(client.call(double, 1, options));
expectType<Promise<number>>()(client.call(none));
ctx.send(double, 1);
ctx.send(none);

// --- a function that may be either: run time decides ---

declare const either: Invokable<number, string>;
declare const stateless: Fn<number, string>;
declare const one: Fn<number, string> | StatefulFn<number, string>;
expectType<Promise<string>>()(client.call(either, 1));
expectType<Promise<string>>()(client.call(either, 1, { id: NEW_STATE }));
expectType<Promise<string>>()(client.call(stateless, 1));
expectType<Promise<string>>()(client.call(one, 1, { id: "a" }));
// @ts-expect-error -- it may be an operation
client.call(one, 1);
ctx.send(either, 1);
function generic<F extends AnyInvokable>(f: F, input: InputOf<F>): Promise<OutputOf<F>> {
  void client.start(f, input, options);
  void client.start(f, input, { id: NEW_STATE });
  return client.call(f, input);
}
expectType<Promise<number>>()(generic(counter.add, 1));
function ofOperation<F extends StatefulFn<never, unknown>>(f: F, input: InputOf<F>, id: StateId) {
  // @ts-expect-error -- no id
  void client.call(f, input);
  return client.call(f, input, { id });
}
expectType<Promise<number>>()(ofOperation(counter.add, 1, NEW_STATE));

// --- patterns ---

declare const flush: Fn<Batch<number>, void>;
const batch = aggregator<number>("t/batch", { flush, maxCount: 2 });
client.call(batch, 1, { id: "k" });
client.call(batch.add, 1, { id: "k" });
// @ts-expect-error -- no id
client.call(batch, 1);
// @ts-expect-error -- no id
client.call(batch.add, 1);
declare const ask: Fn<ApprovalRequest<number>, void>;
const approved = approval<number>("t/approved", { approvers: () => ["ada"], ask });
client.start(approved, 1, { id: "expense-7" });
// @ts-expect-error -- no id
client.start(approved, 1);
client.call(chain("t/line", double, counter.add), 1);
client.call(withTimeout("t/timed", counter.add, "1s"), 1);
client.call(retry("t/tried", counter.add, { maxAttempts: 2 }), 1);
