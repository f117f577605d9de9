import { fn, stateful, value } from "../../src/index.ts";
import type { FutureHandle, Settlement } from "../../src/index.ts";

/** Flows that park in every way there is; the golden stores were written by them, so their names and shapes never change. */

const leaf = fn("golden/leaf", (_, n: number) => n * 2);
const addOne = fn(
  "golden/add-one",
  (_, { result, args }: { result: number; args: { by: number } }) => result + args.by,
);
const describe = fn("golden/describe", (_, end: Settlement<string>) =>
  end.status === "fulfilled" ? end.value : end.reason.message,
);
const collect = fn(
  "golden/collect",
  (_, all: { leaves: number[]; person: string; go: string; sum: number }) => all,
);

/** Keeps a handle in its state. */
export const keeper = stateful("golden/keeper", {
  state: {
    work: value<FutureHandle<string>>(),
    when: value(new Date(0)),
    seen: value(new Map<string, number>()),
  },
  handlers: {
    keep(ctx, work: FutureHandle<string>) {
      ctx.state.work = work;
      ctx.state.when = new Date(1_700_000_000_000);
      ctx.state.seen.set("keep", 1);
    },
    recall(ctx) {
      if (ctx.state.work === undefined) throw new Error("nothing was kept");
      return ctx.onSettled(ctx.future(ctx.state.work), describe);
    },
  },
});

/** Waits for a person, an event and a timer at once, in a join whose leaves are done; two waits hold what a person settles. */
export const parked = fn("golden/parked", (ctx, input: { n: number }) => {
  const person = ctx.promise<string>();
  const leaves = Array.from({ length: input.n }, (_, index) => ctx.invoke(leaf, index));
  const sum = ctx.onComplete(ctx.invoke(leaf, 20), addOne, { by: 2 });
  ctx.setStatus({ token: person.token });
  ctx.send(keeper.keep, person.handle(), { id: "k" });
  return ctx.invoke(
    collect,
    { leaves, person, go: ctx.event<string>("go"), sum },
    { after: [ctx.sleep("1h")] },
  );
});

/** Waits for two of three: a leaf, and what it never gets before the timeout. */
export const waiting = fn("golden/waiting", (ctx) =>
  ctx.wait([ctx.invoke(leaf, 4), ctx.sleep("30d"), ctx.event("never")], {
    count: 2,
    timeout: "1d",
  }),
);

export const functions = [leaf, addOne, describe, collect, keeper, parked, waiting];
