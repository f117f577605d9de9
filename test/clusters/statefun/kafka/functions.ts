import { fn, stateful, value } from "../../../../src/index.ts";
import { approval, chain } from "../../../../src/patterns/index.ts";
import type { ApprovalRequest } from "../../../../src/patterns/index.ts";

/** Name of the way through Kafka. */
export const WAY = "shop";

const double = fn("shop/double", (_, n: number) => 2 * n);
const addOne = fn("shop/add-one", (_, n: number) => n + 1);
/** Doubles, adds one, and doubles again. */
export const steps = chain("shop/steps", double, addOne, double);

export const counter = stateful("shop/counter", {
  state: { count: value(0) },
  handlers: {
    add: (ctx, n: number) => (ctx.state.count += n),
    read: (ctx) => ctx.state.count,
  },
});

/** Waits a moment, and counts once. */
export const count = fn("shop/count", (ctx, { id, n }: { id: string; n: number }) =>
  ctx.invoke(counter.add, n, { id, after: [ctx.sleep(20)] }),
);

/** Waits for an event, and returns its value. */
export const wait = fn("shop/wait", (ctx) => {
  ctx.setStatus("waiting");
  return ctx.event<string>("go");
});

const ask = fn("shop/ask", (_, request: ApprovalRequest<{ euros: number }>) => request.id);
export const expense = approval("shop/expense", { ask });

const failing = fn("shop/failing", (_, why: string): string => {
  throw new RangeError(why);
});
/** Sends a message that fails, which becomes a dead letter. */
export const lose = fn("shop/lose", (ctx, why: string) => ctx.send(failing, why));

export const echo = fn("shop/echo", (_, text: string) => text);

export const SHOP = [steps, counter, count, wait, expense, failing, lose, echo];
