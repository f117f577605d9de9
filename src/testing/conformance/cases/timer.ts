import { fn } from "../../../futures/define/fn.ts";
import { equal, ok } from "../case/check.ts";
import type { Case } from "../case/case.ts";

const now = fn("test/now", (ctx) => ctx.now());
const HOUR_MS = 3_600_000;
/** Far enough apart for an engine whose messages are late. */
const DELAYS_MS = [4500, 1500, 3000];

export const timerCases: readonly Case[] = [
  {
    title: "a sleeper never wakes early, and not late where nothing else happens",
    async run({ start, time }) {
      const sleeper = fn("test/sleeper", (ctx, ms: number) =>
        ctx.invoke(now, undefined, { after: [ctx.sleep(ms)] }),
      );
      const { client } = await start([sleeper, now]);
      for (const ms of [0, 1, 0.25, 99.5, 400]) {
        const began = time.now();
        time.assertPassed(Math.ceil(ms), began, await client.call(sleeper, ms));
      }
    },
  },
  {
    title:
      "sleeps of minutes, of hours, and longer than a machine's timer are exact to the millisecond",
    needs: ["virtualTime"],
    async run({ start, time }) {
      const sleeper = fn("test/sleeper", (ctx) =>
        ctx.invoke(now, undefined, { after: [ctx.sleep("30d")] }),
      );
      const napper = fn("test/napper", (ctx, ms: number) =>
        ctx.invoke(now, undefined, { after: [ctx.sleep(ms)] }),
      );
      const { client } = await start([sleeper, napper, now]);
      for (const ms of [60_000, 3_600_001]) {
        const began = time.now();
        equal((await client.call(napper, ms)) - began, ms);
      }
      const began = time.now();
      const handle = await client.start(sleeper, undefined, { id: "long" });
      await time.advance(30 * 86_400_000 - 1);
      equal((await client.status("long")).status, "pending");
      equal((await handle.result()) - began, 30 * 86_400_000);
    },
  },
  {
    title: "a sleep until an instant ends then, and at once if it is past",
    async run({ start, time }) {
      const sleeper = fn("test/sleeper", (ctx, at: Date) =>
        ctx.all([
          ctx.invoke(now, undefined, { after: [ctx.sleepUntil(at)] }),
          ctx.invoke(now, undefined, { after: [ctx.sleepUntil(at.getTime())] }),
        ]),
      );
      const { client } = await start([sleeper, now]);
      const began = time.now();
      const due = began + 1234;
      for (const woken of await client.call(sleeper, new Date(due)))
        time.assertPassed(1234, began, woken);
      const again = time.now();
      await client.call(sleeper, new Date(0));
      time.assertPassed(0, again);
      ok(time.now() - again < HOUR_MS, "expected no sleep until a past instant");
    },
  },
  {
    title: "sleepers wake in the order of their instants",
    async run({ start, time }) {
      const sleeper = fn("test/sleeper", (ctx) =>
        DELAYS_MS.map((ms) => ctx.invoke(now, undefined, { after: [ctx.sleep(ms)] })),
      );
      const { client } = await start([sleeper, now]);
      const began = time.now();
      const woken = await client.call(sleeper);
      for (const [index, ms] of DELAYS_MS.entries()) time.assertPassed(ms, began, woken[index]);
      const order = [...woken.keys()].sort((one, other) => (woken[one] ?? 0) - (woken[other] ?? 0));
      equal(order, [1, 2, 0]);
    },
  },
];
