import { fn, stateful, value } from "handback";
import { expect } from "vitest";
import type { Case } from "../conformance.ts";

const counter = stateful("test/counter", {
  state: { count: value(0) },
  handlers: { add: (ctx, n: number) => (ctx.state.count += n) },
});
const count = fn("test/count", (ctx, n: number) => ctx.invoke(counter.add, n, { id: "c" }));
const other = fn("test/other", (_, n: number) => n);
const fail = fn("test/fail", (_, why: string): number => {
  throw new Error(why);
});
const PARTS = [counter, count, other, fail];

export const flowCases: readonly Case[] = [
  {
    title: "shows a flow's status: pending, completed or failed, its times, and why it failed",
    async run(start) {
      const sleeper = fn("test/sleeper", (ctx, ms: number) => ctx.sleep(ms));
      const { client, clock } = await start([sleeper, ...PARTS]);
      const startedAt = clock.now();
      const handle = await client.start(sleeper, 500, { id: "s" });
      expect(await handle.status()).toEqual({
        status: "pending",
        custom: undefined,
        startedAt,
        settledAt: undefined,
        failure: undefined,
        unhandled: [],
      });
      await handle.result();
      expect(await client.status("s")).toMatchObject({ status: "completed", settledAt: startedAt + 500 });
      const failing = await client.start(fail, "why", { id: "f" });
      await expect(failing.result()).rejects.toMatchObject({ code: "FUNCTION_FAILED" });
      expect(await failing.status()).toMatchObject({ status: "failed", failure: { message: "why", function: "test/fail" } });
    },
  },
  {
    title: "shows the custom status that was set last, while the flow runs and afterwards",
    async run(start) {
      const second = fn("test/second", (ctx) => {
        ctx.setStatus("thrown away");
        ctx.setStatus({ step: 2 });
        return "end";
      });
      const first = fn("test/first", (ctx) => {
        ctx.setStatus({ step: 1 });
        return ctx.onComplete(ctx.sleep(100), second);
      });
      const { client, clock } = await start([first, second]);
      const handle = await client.start(first, undefined, { id: "s" });
      await clock.quiet();
      expect((await handle.status()).custom).toEqual({ step: 1 });
      expect(await handle.result()).toBe("end");
      expect((await handle.status()).custom).toEqual({ step: 2 });
    },
  },
  {
    title: "attaches a second start with the same key, function and input to the first, running or done",
    async run(start) {
      const { client } = await start(PARTS);
      const [one, two] = await Promise.all([client.start(count, 5, { id: "k" }), client.start(count, 5, { id: "k" })]);
      expect(await Promise.all([one.result(), two.result()])).toEqual([5, 5]);
      expect(await client.call(count, 5, { id: "k" })).toBe(5);
      expect(await client.call(count, 0, { id: "another" })).toBe(5);
    },
  },
  {
    title: "refuses a second start with the same key and another input or function, and changes nothing",
    async run(start) {
      const { client } = await start(PARTS);
      expect(await client.call(count, 5, { id: "k" })).toBe(5);
      await expect(client.start(count, 6, { id: "k" })).rejects.toMatchObject({ code: "IDEMPOTENCY_CONFLICT" });
      await expect(client.start(other, 5, { id: "k" })).rejects.toMatchObject({ code: "IDEMPOTENCY_CONFLICT" });
      expect(await client.flow("k").result()).toBe(5);
      expect(await client.call(count, 0, { id: "another" })).toBe(5);
    },
  },
  {
    title: "tells the address of a stateful function from the key of a flow",
    async run(start) {
      const { client } = await start(PARTS);
      expect(await client.call(counter.add, 1, { id: "c", key: "k" })).toBe(1);
      expect(await client.call(counter.add, 1, { id: "c", key: "k" })).toBe(1);
      expect(await client.call(counter.add, 1, { id: "c" })).toBe(2);
      expect(await client.call(counter.add, 1, { id: "d", key: "k2" })).toBe(1);
      await expect(client.call(counter.add, 1, { id: "d", key: "k" })).rejects.toMatchObject({ code: "IDEMPOTENCY_CONFLICT" });
    },
  },
  {
    title: "finds a flow again by its key, and says NOT_FOUND for one that never was",
    async run(start) {
      const { client } = await start(PARTS);
      await client.start(count, 3, { id: "again" });
      expect(await client.flow("again").result()).toBe(3);
      await expect(client.flow("never").result()).rejects.toMatchObject({ code: "NOT_FOUND" });
      await expect(client.status("never")).rejects.toMatchObject({ code: "NOT_FOUND" });
    },
  },
  {
    title: "forgets a flow when its retention is over, not before",
    async run(start) {
      const { client, clock } = await start(PARTS, { retentionMs: 10_000 });
      await client.call(count, 1, { id: "k" });
      await clock.advance(9_999);
      expect(await client.flow("k").result()).toBe(1);
      await clock.advance(1);
      await expect(client.flow("k").result()).rejects.toMatchObject({ code: "NOT_FOUND" });
      expect(await client.call(count, 1, { id: "k" })).toBe(2);
    },
  },
  {
    title: "records a rejection that nobody consumes, and does not fail the flow for it",
    async run(start) {
      const parent = fn("test/parent", (ctx) => {
        ctx.invoke(fail, "alone");
        ctx.onComplete(ctx.invoke(fail, "passed on"), other);
        return "fine";
      });
      const { client, clock } = await start([parent, ...PARTS]);
      const handle = await client.start(parent, undefined, { id: "u" });
      expect(await handle.result()).toBe("fine");
      await clock.quiet();
      const { status, unhandled } = await handle.status();
      expect(status).toBe("completed");
      expect(unhandled.map(({ message }) => message).sort()).toEqual(["alone", "passed on"]);
    },
  },
];
