import { value } from "../../../core/state/value.ts";
import { fn } from "../../../futures/define/fn.ts";
import { stateful } from "../../../futures/define/stateful.ts";
import type { Case } from "../case/case.ts";
import { equal } from "../case/check.ts";

const HOUR_MS = 3_600_000;
/** Long enough for several requests to arrive before it ends. */
const AGE_MS = 2000;
/** Leaves time for a few calls after a part of it. */
const LONG_AGE_MS = 6000;

const account = stateful("test/account", {
  state: { balance: value(100) },
  handlers: {
    read: (ctx) => ctx.state.balance,
    spend: (ctx, n: number) => (ctx.state.balance -= n),
    keepFor: (ctx, ms: number) => ctx.expireAfter(ms),
  },
});
const cache = stateful("test/cache", {
  state: {
    written: value("none", { expireAfterWrite: "1h" }),
    called: value("none", { expireAfterCall: "1h" }),
    kept: value("none"),
  },
  handlers: {
    put: (ctx, text: string) => {
      ctx.state.written = text;
      ctx.state.called = text;
      ctx.state.kept = text;
    },
    get: (ctx) => ({ ...ctx.state }),
  },
});
const OLD = { written: "x", called: "x", kept: "x" };

export const expiryCases: readonly Case[] = [
  {
    title:
      "a state is forgotten when its age-out time after the last message has passed, not before",
    async run({ start, time }) {
      const { client } = await start([account]);
      const id = "a";
      await client.call(account.spend, 1, { id });
      let before = time.now();
      await client.call(account.keepFor, AGE_MS, { id });
      for (const balance of [98, 97]) {
        await time.advance(time.almost(AGE_MS));
        const since = before;
        before = time.now();
        const spent = await client.call(account.spend, 1, { id });
        // An engine that is late for longer forgets the state rightly.
        if (time.now() - since >= AGE_MS) return;
        equal(spent, balance);
      }
      await time.advance(AGE_MS);
      equal(await client.call(account.read, undefined, { id }), 100);
      await time.advance(2 * AGE_MS);
      equal(await client.call(account.spend, 1, { id }), 99);
    },
  },
  {
    title: "a value is forgotten exactly when its time after a write or a call has passed",
    needs: ["virtualTime"],
    async run({ start, time }) {
      const { client } = await start([cache]);
      const get = () => client.call(cache.get, undefined, { id: "c" });
      await client.call(cache.put, "x", { id: "c" });
      await time.advance(HOUR_MS - 1);
      equal(await get(), OLD);
      // That was a call, not a write.
      await time.advance(1);
      equal(await get(), { ...OLD, written: "none" });
      await time.advance(HOUR_MS - 1);
      equal(await get(), { ...OLD, written: "none" });
      await time.advance(HOUR_MS);
      equal(await get(), { ...OLD, written: "none", called: "none" });
    },
  },
  {
    title: "each write of a value restarts its expiry time, and a write of another value does not",
    async run({ start, time }) {
      const keep = stateful("test/keep", {
        state: { a: value(0, { expireAfterWrite: LONG_AGE_MS }), b: value(0) },
        handlers: {
          a: (ctx, n: number) => void (ctx.state.a = n),
          b: (ctx, n: number) => void (ctx.state.b = n),
          get: (ctx) => [ctx.state.a, ctx.state.b],
        },
      });
      const { client } = await start([keep]);
      const id = "k";
      await client.call(keep.a, 1, { id });
      await time.advance(0.55 * LONG_AGE_MS);
      const writtenAt = time.now();
      await client.call(keep.a, 2, { id });
      await time.advance(0.55 * LONG_AGE_MS);
      await client.call(keep.b, 3, { id });
      const values = await client.call(keep.get, undefined, { id });
      // An engine that is late for longer forgets the value rightly.
      if (time.now() - writtenAt < LONG_AGE_MS) equal(values, [2, 3]);
      await time.advance(0.45 * LONG_AGE_MS);
      equal(await client.call(keep.get, undefined, { id }), [0, 3]);
    },
  },
  {
    title: "a state lives as long as the flow that made it",
    needs: ["virtualTime"],
    async run({ start }) {
      const tally = stateful("test/tally", {
        ageOut: "1h",
        state: { n: value(0) },
        handlers: { add: (ctx, n: number) => (ctx.state.n += n) },
      });
      const flow = fn("test/flow", (ctx) => {
        const made = ctx.invoke(tally.add, 1);
        return ctx.invoke(tally.add, 1, { id: made.stateId, after: [made, ctx.sleep("5h")] });
      });
      const { client } = await start([flow, tally]);
      equal(await client.call(flow), 2);
    },
  },
];
