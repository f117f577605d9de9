import { fn, stateful, value } from "handback";
import { expect } from "vitest";
import type { Case } from "../conformance.ts";
import type { Host } from "../host.ts";

const HOUR_MS = 3_600_000;

const account = stateful("test/account", {
  state: { balance: value(100), notes: value<string[]>([]) },
  handlers: {
    read: (ctx) => ({ balance: ctx.state.balance, notes: [...ctx.state.notes] }),
    spend: (ctx, n: number) => {
      ctx.state.balance -= n;
      ctx.state.notes.push(`spent ${n}`);
      if (ctx.state.balance < 0) throw new Error("overdrawn");
      return ctx.state.balance;
    },
    close: (ctx) => {
      ctx.state.notes.push("closing");
      ctx.terminate();
    },
    keepFor: (ctx, ms: number) => ctx.expireAfter(ms),
  },
});
const cache = stateful("test/cache", {
  state: { written: value("none", { expireAfterWrite: "1h" }), called: value("none", { expireAfterCall: "1h" }), kept: value("none") },
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

export const stateCases: readonly Case[] = [
  {
    title: "undoes everything a handler did when it throws, and rejects its caller",
    async run(start) {
      const witness = stateful("test/witness", {
        state: { seen: value<string[]>([]) },
        handlers: { see: (ctx, line: string) => void ctx.state.seen.push(line), seen: (ctx) => [...ctx.state.seen] },
      });
      const risky = stateful("test/risky", {
        state: { n: value(0) },
        handlers: {
          run: async (ctx) => {
            ctx.state.n = 1;
            ctx.setStatus("undone");
            ctx.send(witness.see, "send", { id: "w" });
            ctx.send(witness.see, "delayed", { id: "w", delay: 10, token: "t" });
            ctx.invoke(witness.see, "invoke", { id: "w" });
            await Promise.resolve();
            throw new Error("after all");
          },
          n: (ctx) => ctx.state.n,
        },
      });
      const { client, clock } = await start([witness, risky]);
      const handle = await client.start(risky.run, undefined, { id: "r", key: "k" });
      await expect(handle.result()).rejects.toMatchObject({ cause: { message: "after all" } });
      await clock.advance(1000);
      expect(await client.call(risky.n, undefined, { id: "r" })).toBe(0);
      expect(await client.call(witness.seen, undefined, { id: "w" })).toEqual([]);
      expect((await handle.status()).custom).toBeUndefined();
    },
  },
  {
    title: "undoes cancellations and age-out times, too, when a handler throws",
    async run(start) {
      const timed = stateful("test/timed", {
        state: { told: value(0) },
        handlers: {
          tell: (ctx, n: number) => void (ctx.state.told += n),
          plan: (ctx): void => ctx.send(timed.tell, 5, { id: ctx.self.id, delay: HOUR_MS, token: "t" }),
          fail: (ctx): number => {
            ctx.cancelSend("t");
            ctx.expireAfter(1);
            throw new Error("after all");
          },
          told: (ctx) => ctx.state.told,
        },
      });
      const { client, clock } = await start([timed]);
      const id = "t";
      await client.call(timed.tell, 1, { id });
      await client.call(timed.plan, undefined, { id });
      await expect(client.call(timed.fail, undefined, { id })).rejects.toMatchObject({ cause: { message: "after all" } });
      await clock.advance(HOUR_MS);
      expect(await client.call(timed.told, undefined, { id })).toBe(6);
    },
  },
  {
    title: "fails a handler whose state cannot be kept, and keeps none of its values",
    async run(start) {
      const several = stateful("test/several", {
        state: { first: value(0), second: value<unknown>("old") },
        handlers: {
          spoil: (ctx) => {
            ctx.state.first = 1;
            ctx.state.second = { inside: ctx.sleep(1) };
          },
          read: (ctx) => [ctx.state.first, ctx.state.second],
        },
      });
      const { client } = await start([several]);
      await expect(client.call(several.spoil, undefined, { id: "s" })).rejects.toMatchObject({ code: "FUTURE_IN_STATE" });
      expect(await client.call(several.read, undefined, { id: "s" })).toEqual([0, "old"]);
    },
  },
  {
    title: "makes no state for an invoke without an id whose handler throws",
    async run(start) {
      const codeOf = fn("test/code", (_, settlement: { status: string; reason?: { code?: string } }) => settlement.reason?.code);
      const parent = fn("test/parent", (ctx) => {
        const made = ctx.onSettled(ctx.invoke(account.spend, 200), codeOf);
        return ctx.onSettled(ctx.invoke(account.read, undefined, { id: ctx.invoke(account.spend, 300).stateId, after: [made] }), codeOf);
      });
      const { client } = await start([parent, account, codeOf]);
      expect(await client.call(parent)).toBe("NOT_FOUND");
    },
  },
  {
    title: "keeps what was committed before a handler threw",
    async run(start) {
      const { client } = await start([account]);
      expect(await client.call(account.spend, 60, { id: "a" })).toBe(40);
      await expect(client.call(account.spend, 60, { id: "a" })).rejects.toMatchObject({ cause: { message: "overdrawn" } });
      expect(await client.call(account.read, undefined, { id: "a" })).toEqual({ balance: 40, notes: ["spent 60"] });
    },
  },
  {
    title: "keeps each address's values to itself",
    async run(start) {
      const { client } = await start([account]);
      await Promise.all(["a", "b", "c"].map((id, n) => client.call(account.spend, n, { id })));
      const balances = await Promise.all(["a", "b", "c", "d"].map((id) => client.call(account.read, undefined, { id })));
      expect(balances.map(({ balance }) => balance)).toEqual([100, 99, 98, 100]);
    },
  },
  {
    title: "runs one handler at a time per address, and others beside it",
    async run(start) {
      const running = new Map<string, number>();
      let together = 0;
      const slow = stateful("test/slow", {
        state: { n: value(0) },
        handlers: {
          add: async (ctx) => {
            const before = ctx.state.n;
            expect(running.get(ctx.self.id) ?? 0).toBe(0);
            running.set(ctx.self.id, 1);
            together = Math.max(together, [...running.values()].filter((each) => each > 0).length);
            await host.clock.work(5);
            running.set(ctx.self.id, 0);
            ctx.state.n = before + 1;
            return ctx.state.n;
          },
        },
      });
      const parent = fn("test/parent", (ctx) =>
        ["x", "y"].map((id) => Array.from({ length: 10 }, () => ctx.invoke(slow.add, undefined, { id }))),
      );
      const host: Host = await start([parent, slow]);
      const upToTen = Array.from({ length: 10 }, (_, n) => n + 1);
      expect(await host.client.call(parent)).toEqual([upToTen, upToTen]);
      expect(together).toBe(2);
    },
  },
  {
    title: "deletes a state that is terminated when its handler ends; its id may be used anew",
    async run(start) {
      const { client } = await start([account]);
      await client.call(account.spend, 1, { id: "a" });
      await client.call(account.close, undefined, { id: "a" });
      expect(await client.call(account.read, undefined, { id: "a" })).toEqual({ balance: 100, notes: [] });
    },
  },
  {
    title: "says NOT_FOUND for a state made without an id once it is terminated",
    async run(start) {
      const parent = fn("test/parent", (ctx) => {
        const made = ctx.invoke(account.spend, 1);
        const id = made.stateId;
        const closed = ctx.invoke(account.close, undefined, { id, after: [made] });
        return [made, closed, ctx.onSettled(ctx.invoke(account.read, undefined, { id, after: [closed] }), codeOf)];
      });
      const codeOf = fn("test/code", (_, settlement: { status: string; reason?: { code?: string } }) => settlement.reason?.code);
      const { client } = await start([parent, account, codeOf]);
      expect(await client.call(parent)).toEqual([99, undefined, "NOT_FOUND"]);
    },
  },
  {
    title: "forgets a state exactly when its age-out time after the last message is over",
    async run(start) {
      const { client, clock } = await start([account]);
      await client.call(account.spend, 1, { id: "a" });
      await client.call(account.keepFor, HOUR_MS, { id: "a" });
      await clock.advance(HOUR_MS - 1);
      expect(await client.call(account.spend, 1, { id: "a" })).toBe(98);
      await clock.advance(HOUR_MS - 1);
      expect(await client.call(account.spend, 1, { id: "a" })).toBe(97);
      await clock.advance(HOUR_MS);
      expect(await client.call(account.read, undefined, { id: "a" })).toEqual({ balance: 100, notes: [] });
      await clock.advance(100 * HOUR_MS);
      expect(await client.call(account.spend, 1, { id: "a" })).toBe(99);
    },
  },
  {
    title: "forgets a value exactly when its time after a write, or a call, is over",
    async run(start) {
      const { client, clock } = await start([cache]);
      const get = () => client.call(cache.get, undefined, { id: "c" });
      await client.call(cache.put, "x", { id: "c" });
      await clock.advance(HOUR_MS - 1);
      expect(await get()).toEqual(OLD);
      // That was a call, not a write.
      await clock.advance(1);
      expect(await get()).toEqual({ ...OLD, written: "none" });
      await clock.advance(HOUR_MS - 1);
      expect(await get()).toEqual({ ...OLD, written: "none" });
      await clock.advance(HOUR_MS);
      expect(await get()).toEqual({ ...OLD, written: "none", called: "none" });
    },
  },
  {
    title: "starts the time of a value anew with each write, and not with a write of another value",
    async run(start) {
      const keep = stateful("test/keep", {
        state: { a: value(0, { expireAfterWrite: 100 }), b: value(0) },
        handlers: {
          a: (ctx, n: number) => void (ctx.state.a = n),
          b: (ctx, n: number) => void (ctx.state.b = n),
          get: (ctx) => [ctx.state.a, ctx.state.b],
        },
      });
      const { client, clock } = await start([keep]);
      const id = "k";
      await client.call(keep.a, 1, { id });
      await clock.advance(60);
      await client.call(keep.a, 2, { id });
      await clock.advance(60);
      await client.call(keep.b, 3, { id });
      expect(await client.call(keep.get, undefined, { id })).toEqual([2, 3]);
      await clock.advance(40);
      expect(await client.call(keep.get, undefined, { id })).toEqual([0, 3]);
    },
  },
  {
    title: "shows committed state to the outside, without a message",
    needs: ["snapshotRead"],
    async run(start) {
      const { client, clock } = await start([account, cache]);
      await expect(client.readState(account, "a")).rejects.toMatchObject({ code: "NOT_FOUND" });
      await client.call(account.spend, 10, { id: "a" });
      expect(await client.readState(account, "a")).toEqual({ balance: 90, notes: ["spent 10"] });
      await client.call(cache.put, "x", { id: "c" });
      await clock.advance(HOUR_MS);
      expect(await client.readState(cache, "c")).toEqual({ written: "none", called: "none", kept: "x" });
    },
  },
  {
    title: "undoes aliases: what a handler keeps of its state or input changes nothing later",
    async run(start) {
      const kept: string[][] = [];
      const keeper = stateful("test/keeper", {
        state: { lines: value<string[]>([]) },
        handlers: {
          add: (ctx, lines: string[]) => {
            for (const each of kept) each.push("through an alias");
            ctx.state.lines.push(...lines);
            kept.push(lines);
            return ctx.state.lines.length;
          },
          read: (ctx) => ctx.state.lines,
        },
      });
      const { client } = await start([keeper]);
      await client.call(keeper.add, ["a"], { id: "k" });
      await client.call(keeper.add, ["b"], { id: "k" });
      expect(await client.call(keeper.read, undefined, { id: "k" })).toEqual(["a", "b"]);
    },
  },
];
