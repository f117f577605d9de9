import { value } from "../../../../core/state/value.ts";
import { fn } from "../../../../futures/define/fn.ts";
import { stateful } from "../../../../futures/define/stateful.ts";
import { equal, rejects } from "../../case/check.ts";
import type { Case } from "../../case/case.ts";

const cart = stateful("test/ended-cart", {
  state: { items: value(0), note: value("none") },
  handlers: { add: (ctx, n: number) => (ctx.state.items += n) },
  queries: { look: (ctx) => ctx.state.items },
});
const ends = fn("test/ends-cart", (ctx, id: string) =>
  ctx.onComplete(ctx.terminateState(cart, id), looks, id),
);
const looks = fn("test/looks", (ctx, { args: id }: { readonly args: string }) =>
  ctx.invoke(cart.look, undefined, { id }),
);
const ages = fn("test/ages-cart", (ctx, { id, ms }: { readonly id: string; readonly ms: number }) =>
  ctx.expireStateAfter(cart, id, ms),
);
const ALL = [cart, ends, looks, ages];

/** States that are ended from outside, or by other functions. */
export const endedStateCases: readonly Case[] = [
  {
    title: "a client deletes a state, and its id begins anew",
    async run({ start }) {
      const { client } = await start(ALL);
      await client.call(cart.add, 1, { id: "c" });
      await client.call(cart.add, 5, { id: "d" });
      await client.terminate(cart, "c");
      equal(await client.call(cart.look, undefined, { id: "c" }), 0);
      equal(await client.call(cart.look, undefined, { id: "d" }), 5);
      equal(await client.call(cart.add, 3, { id: "c" }), 3);
    },
  },
  {
    title: "a handler deletes a state of another function, and learns when it is gone",
    async run({ start }) {
      const { client } = await start(ALL);
      await client.call(cart.add, 1, { id: "c" });
      equal(await client.call(ends, "c"), 0);
    },
  },
  {
    title: "to end a state that does not exist is NOT_FOUND, and makes none",
    async run({ start, time }) {
      const { client } = await start(ALL);
      const absent = { code: "NOT_FOUND" };
      await rejects(client.terminate(cart, "none"), absent);
      await rejects(client.expireAfter(cart, "none", "1h"), absent);
      await rejects(client.call(ends, "none"), absent);
      await rejects(client.call(ages, { id: "none", ms: 1 }), absent);
      await client.call(cart.add, 1, { id: "c" });
      await client.terminate(cart, "c");
      await time.quiet();
      await rejects(client.terminate(cart, "c"), absent);
    },
  },
  {
    title: "to end a state takes a stateful function, an id and a delay",
    async run({ start }) {
      const { client } = await start(ALL);
      await client.call(cart.add, 1, { id: "c" });
      await rejects(client.terminate(ends, "c"), { code: "UNKNOWN_FUNCTION" });
      await rejects(client.terminate({}, "c"), { code: "UNKNOWN_FUNCTION" });
      await rejects(client.terminate(cart, ""), { code: "INVALID_KEY" });
      await rejects(client.expireAfter(cart, "c", -1), { code: "INVALID_DELAY" });
      await rejects(client.expireAfter(cart, "c", Number.NaN), { code: "INVALID_DELAY" });
      equal(await client.call(cart.look, undefined, { id: "c" }), 1);
    },
  },
  {
    title: "a state gets its age from a client or another function, and each message renews it",
    needs: ["virtualTime"],
    async run({ start, time }) {
      const { client } = await start(ALL);
      for (const id of ["c", "d", "e"]) await client.call(cart.add, 1, { id });
      await client.expireAfter(cart, "c", 1_000);
      await client.call(ages, { id: "d", ms: 1_000 });
      await time.advance(900);
      await client.call(cart.add, 1, { id: "d" });
      await time.advance(900);
      equal(await client.call(cart.add, 0, { id: "c" }), 0);
      equal(await client.call(cart.add, 0, { id: "d" }), 2);
      equal(await client.call(cart.add, 0, { id: "e" }), 1);
    },
  },
];
