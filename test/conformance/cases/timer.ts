import { fn } from "handback";
import { expect } from "vitest";
import type { Case } from "../conformance.ts";

const now = fn("test/now", (ctx) => ctx.now());

export const timerCases: readonly Case[] = [
  {
    title: "never wakes a sleeper early, and not late where nothing else happens",
    async run(start) {
      const sleeper = fn("test/sleeper", (ctx, ms: number) => ctx.invoke(now, undefined, { after: [ctx.sleep(ms)] }));
      const { client, clock } = await start([sleeper, now]);
      for (const ms of [0, 1, 0.25, 99.5, 60_000, 3_600_001]) {
        const began = clock.now();
        expect((await client.call(sleeper, ms)) - began).toBe(Math.ceil(ms));
      }
    },
  },
  {
    title: "sleeps for longer than a timer of the machine can",
    async run(start) {
      const sleeper = fn("test/sleeper", (ctx) => ctx.invoke(now, undefined, { after: [ctx.sleep("30d")] }));
      const { client, clock } = await start([sleeper, now]);
      const began = clock.now();
      const handle = await client.start(sleeper, undefined, { id: "long" });
      await clock.advance(30 * 86_400_000 - 1);
      expect((await client.status("long")).status).toBe("pending");
      expect((await handle.result()) - began).toBe(30 * 86_400_000);
    },
  },
  {
    title: "sleeps until an instant, and not at all when it is past",
    async run(start) {
      const sleeper = fn("test/sleeper", (ctx, at: Date) =>
        ctx.all([
          ctx.invoke(now, undefined, { after: [ctx.sleepUntil(at)] }),
          ctx.invoke(now, undefined, { after: [ctx.sleepUntil(at.getTime())] }),
        ]),
      );
      const { client, clock } = await start([sleeper, now]);
      const due = clock.now() + 12_345;
      expect(await client.call(sleeper, new Date(due))).toEqual([due, due]);
      expect(await client.call(sleeper, new Date(0))).toEqual([due, due]);
    },
  },
  {
    title: "wakes sleepers in the order of their instants",
    async run(start) {
      const sleeper = fn("test/sleeper", (ctx) => [30, 10, 20].map((ms) => ctx.invoke(now, undefined, { after: [ctx.sleep(ms)] })));
      const { client, clock } = await start([sleeper, now]);
      const began = clock.now();
      expect((await client.call(sleeper)).map((at) => at - began)).toEqual([30, 10, 20]);
    },
  },
];
