import { fn } from "../../../futures/define/fn.ts";
import { stateful } from "../../../futures/define/stateful.ts";
import { value } from "../../../core/state/value.ts";
import { equal, rejects } from "../case/check.ts";
import type { Case } from "../case/case.ts";

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
  },
});
const brief = stateful("test/brief", {
  state: { written: value("none", { expireAfterWrite: 1000 }), kept: value("none") },
  handlers: {
    put: (ctx, text: string) => {
      ctx.state.written = text;
      ctx.state.kept = text;
    },
  },
});

export const stateCases: readonly Case[] = [
  {
    title: "a handler that throws undoes all its changes, and rejects its caller",
    async run({ start, time }) {
      const witness = stateful("test/witness", {
        state: { seen: value<string[]>([]) },
        handlers: {
          see: (ctx, line: string) => void ctx.state.seen.push(line),
          seen: (ctx) => [...ctx.state.seen],
        },
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
      const { client } = await start([witness, risky]);
      const handle = await client.start(risky.run, undefined, { id: "r", key: "k" });
      await rejects(handle.result(), { cause: { message: "after all" } });
      await time.advance(1000);
      equal(await client.call(risky.n, undefined, { id: "r" }), 0);
      equal(await client.call(witness.seen, undefined, { id: "w" }), []);
      equal((await handle.status()).custom, undefined);
    },
  },
  {
    title: "a handler that throws undoes its cancellations and age-out times, too",
    async run({ start, time }) {
      const timed = stateful("test/timed", {
        state: { told: value(0) },
        handlers: {
          tell: (ctx, n: number) => void (ctx.state.told += n),
          plan: (ctx): void =>
            ctx.send(timed.tell, 5, { id: ctx.self.id, delay: 1000, token: "t" }),
          fail: (ctx): number => {
            ctx.cancelSend("t");
            ctx.expireAfter(1);
            throw new Error("after all");
          },
          told: (ctx) => ctx.state.told,
        },
      });
      const { client } = await start([timed]);
      const id = "t";
      await client.call(timed.tell, 1, { id });
      await client.call(timed.plan, undefined, { id });
      await rejects(client.call(timed.fail, undefined, { id }), {
        cause: { message: "after all" },
      });
      await time.advance(1000);
      equal(await client.call(timed.told, undefined, { id }), 6);
    },
  },
  {
    title: "a handler whose state cannot be stored fails, and none of its values are kept",
    async run({ start }) {
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
      await rejects(client.call(several.spoil, undefined, { id: "s" }), {
        code: "FUTURE_IN_STATE",
      });
      equal(await client.call(several.read, undefined, { id: "s" }), [0, "old"]);
    },
  },
  {
    title: "an invoke without an id makes no state if its handler throws",
    async run({ start }) {
      const codeOf = fn(
        "test/code",
        (_, settlement: { status: string; reason?: { code?: string } }) => settlement.reason?.code,
      );
      const parent = fn("test/parent", (ctx) => {
        const made = ctx.onSettled(ctx.invoke(account.spend, 200), codeOf);
        return ctx.onSettled(
          ctx.invoke(account.read, undefined, {
            id: ctx.invoke(account.spend, 300).stateId,
            after: [made],
          }),
          codeOf,
        );
      });
      const { client } = await start([parent, account, codeOf]);
      equal(await client.call(parent), "NOT_FOUND");
    },
  },
  {
    title: "values committed before a handler threw are kept",
    async run({ start }) {
      const { client } = await start([account]);
      equal(await client.call(account.spend, 60, { id: "a" }), 40);
      await rejects(client.call(account.spend, 60, { id: "a" }), {
        cause: { message: "overdrawn" },
      });
      equal(await client.call(account.read, undefined, { id: "a" }), {
        balance: 40,
        notes: ["spent 60"],
      });
    },
  },
  {
    title: "each address has its own values",
    async run({ start }) {
      const { client } = await start([account]);
      await Promise.all(["a", "b", "c"].map((id, n) => client.call(account.spend, n, { id })));
      const balances = await Promise.all(
        ["a", "b", "c", "d"].map((id) => client.call(account.read, undefined, { id })),
      );
      equal(
        balances.map(({ balance }) => balance),
        [100, 99, 98, 100],
      );
    },
  },
  {
    title:
      "handlers of one address run one at a time, and those of other addresses run beside them",
    async run({ start, time }) {
      const running = new Map<string, number>();
      let together = 0;
      const slow = stateful("test/slow", {
        state: { n: value(0) },
        handlers: {
          add: async (ctx) => {
            const before = ctx.state.n;
            equal(running.get(ctx.self.id) ?? 0, 0, "handlers that run at this address");
            running.set(ctx.self.id, 1);
            together = Math.max(together, [...running.values()].filter((each) => each > 0).length);
            await time.work(20);
            running.set(ctx.self.id, 0);
            ctx.state.n = before + 1;
            return ctx.state.n;
          },
        },
      });
      const parent = fn("test/parent", (ctx) =>
        ["x", "y"].map((id) =>
          Array.from({ length: 10 }, () => ctx.invoke(slow.add, undefined, { id })),
        ),
      );
      const { client } = await start([parent, slow]);
      const upToTen = Array.from({ length: 10 }, (_, n) => n + 1);
      equal(await client.call(parent), [upToTen, upToTen]);
      equal(together, 2);
    },
  },
  {
    title: "a terminated state is deleted when its handler ends, and its id can be used again",
    async run({ start }) {
      const { client } = await start([account]);
      await client.call(account.spend, 1, { id: "a" });
      await client.call(account.close, undefined, { id: "a" });
      equal(await client.call(account.read, undefined, { id: "a" }), { balance: 100, notes: [] });
    },
  },
  {
    title: "a terminated state that was made without an id says NOT_FOUND",
    async run({ start }) {
      const parent = fn("test/parent", (ctx) => {
        const made = ctx.invoke(account.spend, 1);
        const id = made.stateId;
        const closed = ctx.invoke(account.close, undefined, { id, after: [made] });
        return [
          made,
          closed,
          ctx.onSettled(ctx.invoke(account.read, undefined, { id, after: [closed] }), codeOf),
        ];
      });
      const codeOf = fn(
        "test/code",
        (_, settlement: { status: string; reason?: { code?: string } }) => settlement.reason?.code,
      );
      const { client } = await start([parent, account, codeOf]);
      equal(await client.call(parent), [99, undefined, "NOT_FOUND"]);
    },
  },
  {
    title: "committed state can be read from outside, without a message",
    needs: ["snapshotRead"],
    async run({ start, time }) {
      const { client } = await start([account, brief]);
      await rejects(client.readState(account, "a"), { code: "NOT_FOUND" });
      await client.call(account.spend, 10, { id: "a" });
      equal(await client.readState(account, "a"), { balance: 90, notes: ["spent 10"] });
      await client.call(brief.put, "x", { id: "b" });
      await time.advance(1000);
      equal(await client.readState(brief, "b"), { written: "none", kept: "x" });
    },
  },
  {
    title: "the waits of a flow can be read from outside",
    needs: ["snapshotRead", "scopedCancel"],
    async run({ start, time }) {
      const asleep = fn("test/asleep", (ctx, after: number) =>
        ctx.onComplete(ctx.all([ctx.sleep(after), ctx.promise()]), woken),
      );
      const woken = fn("test/woken", () => "woken");
      const { client } = await start([asleep, woken]);
      const flow = await client.start(asleep, 60_000, { id: "f" });
      await time.advance(100);
      const { nodes, waits } = await client.waits(flow);
      equal(nodes.map(({ kind, name }) => `${kind} ${name}`).toSorted(), [
        "all ",
        "flow f",
        "function test/woken",
        "promise ",
        "timer ",
      ]);
      const kindOf = (id: string): string | undefined => nodes.find((node) => node.id === id)?.kind;
      equal(waits.map(({ waiter, on }) => `${kindOf(waiter)} on ${kindOf(on)}`).toSorted(), [
        "all on promise",
        "all on timer",
        "flow on function",
        "function on all",
      ]);
      await client.cancel(flow);
      equal((await client.waits(flow)).nodes.length, 1);
    },
  },
  {
    title: "later changes to objects that a handler took from its state or input have no effect",
    async run({ start }) {
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
      equal(await client.call(keeper.read, undefined, { id: "k" }), ["a", "b"]);
    },
  },
];
