import { fn } from "../../../futures/define/fn.ts";
import { stateful } from "../../../futures/define/stateful.ts";
import { value } from "../../../core/state/value.ts";
import { equal, matches, rejects } from "../case/check.ts";
import type { Case } from "../case/case.ts";

export const handlingCases: readonly Case[] = [
  {
    title: "a handler that throws is retried with growing delays, under the same idempotency key",
    async run({ start, time }) {
      const keys = new Set<string>();
      const flaky = fn(
        "test/flaky",
        { retry: { maxAttempts: 4, initialDelay: 100, factor: 3, maxDelay: 500 } },
        (ctx) => {
          keys.add(ctx.idempotencyKey);
          if (ctx.attempt < 4) throw new Error(`attempt ${ctx.attempt}`);
          return ctx.now();
        },
      );
      const { client } = await start([flaky]);
      const began = time.now();
      time.assertPassed(100 + 300 + 500, began, await client.call(flaky));
      equal(keys.size, 1);
    },
  },
  {
    title: "retries stop after the last attempt, with its error, and leave the state unchanged",
    async run({ start }) {
      const stubborn = stateful("test/stubborn", {
        retry: { maxAttempts: 3, initialDelay: 10 },
        state: { attempts: value(0) },
        handlers: {
          fail: (ctx) => {
            ctx.state.attempts++;
            throw new Error(`attempt ${ctx.attempt}`);
          },
          read: (ctx) => ctx.state.attempts,
        },
      });
      const { client } = await start([stubborn]);
      await rejects(client.call(stubborn.fail, undefined, { id: "s" }), {
        cause: { message: "attempt 3" },
      });
      equal(await client.call(stubborn.read, undefined, { id: "s" }), 0);
    },
  },
  {
    title: "an address is free while a retry waits for its delay",
    async run({ start, time }) {
      const shared = stateful("test/shared", {
        retry: { maxAttempts: 2, initialDelay: 1000 },
        state: { order: value<string[]>([]) },
        handlers: {
          flaky: (ctx) => {
            if (ctx.attempt === 1) throw new Error("once");
            ctx.state.order.push("flaky");
            return [...ctx.state.order];
          },
          steady: (ctx) => void ctx.state.order.push("steady"),
        },
      });
      const { client } = await start([shared]);
      const handle = await client.start(shared.flaky, undefined, { id: "s", key: "k" });
      await time.quiet();
      await client.call(shared.steady, undefined, { id: "s" });
      equal(await handle.result(), ["steady", "flaky"]);
    },
  },
  {
    title: "only the messages of the successful attempt are sent",
    async run({ start }) {
      const seen = stateful("test/seen", {
        state: { lines: value<number[]>([]) },
        handlers: {
          add: (ctx, n: number) => void ctx.state.lines.push(n),
          read: (ctx) => [...ctx.state.lines],
        },
      });
      const flaky = fn(
        "test/flaky",
        { retry: { maxAttempts: 3, initialDelay: 1 } },
        async (ctx) => {
          const done = ctx.invoke(seen.add, ctx.attempt, { id: "s" });
          await Promise.resolve();
          if (ctx.attempt < 3) throw new Error("again");
          return ctx.invoke(seen.read, undefined, { id: "s", after: [done] });
        },
      );
      const { client } = await start([flaky, seen]);
      equal(await client.call(flaky), [3]);
    },
  },
  {
    title: "a handler that exceeds its timeout is abandoned, and its later actions have no effect",
    async run({ start, time }) {
      const late: unknown[] = [];
      const slow = stateful("test/slow", {
        timeout: 400,
        state: { n: value(0) },
        handlers: {
          run: async (ctx, ms: number) => {
            ctx.state.n++;
            await time.work(ms);
            try {
              ctx.state.n++;
            } catch (error) {
              late.push(error);
            }
            return ctx.state.n;
          },
          read: (ctx) => ctx.state.n,
        },
      });
      const { client } = await start([slow]);
      equal(await client.call(slow.run, time.almost(400), { id: "s" }), 2);
      await rejects(client.call(slow.run, 401, { id: "s" }), { code: "HANDLER_TIMEOUT" });
      await time.advance(1000);
      equal(await client.call(slow.read, undefined, { id: "s" }), 2);
      matches(late[0], { code: "STALE_ATTEMPT" });
    },
  },
  {
    title: "an abandoned handler is retried if its policy says so",
    async run({ start, time }) {
      const slow = fn(
        "test/slow",
        { timeout: 400, retry: { maxAttempts: 2, initialDelay: 10 } },
        async (ctx) => {
          await time.work(ctx.attempt === 1 ? 800 : 100);
          return ctx.attempt;
        },
      );
      const { client } = await start([slow]);
      equal(await client.call(slow), 2);
    },
  },
  {
    title: "work that a handler leaves running gets CONTEXT_CLOSED",
    async run({ start, time }) {
      const caught: unknown[] = [];
      const detached = fn("test/detached", (ctx) => {
        void Promise.resolve().then(() => {
          try {
            ctx.send(detached);
          } catch (error) {
            caught.push(error);
          }
        });
      });
      const { client } = await start([detached]);
      await client.call(detached);
      await time.quiet();
      matches(caught[0], { code: "CONTEXT_CLOSED" });
    },
  },
  {
    title: "ctx.get blocks on a future",
    needs: ["blockingGet"],
    async run({ start }) {
      const double = fn("test/double", (_, n: number) => 2 * n);
      const naive = fn(
        "test/naive",
        async (ctx, n: number) =>
          (await ctx.get(ctx.invoke(double, n))) + (await ctx.get(ctx.resolved(1))),
      );
      const { client } = await start([naive, double]);
      equal(await client.call(naive, 5), 11);
    },
  },
];
