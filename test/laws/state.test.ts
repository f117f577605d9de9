import { fn, stateful, value } from "handback";
import fc from "fast-check";
import { expect } from "vitest";
import { UNDEFINED } from "../../src/core/codec/encoded.ts";
import { codec } from "../../src/futures/protocol/codec.ts";
import { HeldStore } from "../durability/support/held-store.ts";
import { law } from "./support/law.ts";
import { ending, values } from "./support/values.ts";
import { inWorld } from "./support/world.ts";

const requests = fc.array(
  fc.record({ atMs: fc.nat(20), id: fc.constantFrom("a", "b", "c"), worksMs: fc.nat(6) }),
  {
    minLength: 1,
    maxLength: 16,
  },
);

law(
  "one handler at a time runs at an address, and different addresses run at the same time",
  [requests],
  (given) =>
    inWorld(async (world) => {
      const spans: { id: string; from: number; to: number }[] = [];
      const worker = stateful("law/worker", {
        state: { n: value(0) },
        handlers: {
          async work(ctx, ms: number) {
            const from = world.nowMs;
            await world.clock.work(ms);
            spans.push({ id: ctx.self.id, from, to: world.nowMs });
          },
        },
      });
      const client = await world.start([worker]);
      await world.at(
        given.map(({ atMs, id, worksMs }) => ({
          ms: atMs,
          happens: () => client.start(worker.work, worksMs, { id }),
        })),
      );
      await world.clock.advance(1000);
      expect(spans.length).toBe(given.length);
      for (const id of ["a", "b", "c"]) {
        const own = spans.filter((span) => span.id === id);
        // Each one begins as soon as it has arrived and the previous one has ended, independent of
        // other work.
        let free = 0;
        for (const { atMs, worksMs } of given
          .filter((each) => each.id === id)
          .toSorted((one, other) => one.atMs - other.atMs)) {
          free = Math.max(free, atMs) + worksMs;
        }
        for (const [nth, { from }] of own.entries())
          expect(from).toBeGreaterThanOrEqual(own[nth - 1]?.to ?? 0);
        expect(own.at(-1)?.to ?? 0).toBe(free);
      }
    }),
);

law(
  "operations on one state are linearizable: each takes effect at one instant between its request and its reply",
  [requests],
  (given) =>
    inWorld(async (world) => {
      const list = stateful("law/list", {
        state: { items: value<number[]>([]) },
        handlers: {
          async add(ctx, { item, ms }: { item: number; ms: number }) {
            const before = [...ctx.state.items];
            await world.clock.work(ms);
            ctx.state.items.push(item);
            return before;
          },
        },
      });
      const client = await world.start([list]);
      const history: {
        id: string;
        item: number;
        before: readonly number[];
        from: number;
        to: number;
      }[] = [];
      const running: Promise<unknown>[] = [];
      await world.at(
        given.map(({ atMs, id, worksMs }, item) => ({
          ms: atMs,
          happens: () => {
            const from = world.nowMs;
            running.push(
              client
                .call(list.add, { item, ms: worksMs }, { id, key: `add-${item}` })
                .then((before) => history.push({ id, item, before, from, to: world.nowMs })),
            );
          },
        })),
      );
      await Promise.all(running);
      for (const id of ["a", "b", "c"]) {
        const order = history
          .filter((each) => each.id === id)
          .toSorted((one, other) => one.before.length - other.before.length);
        for (const [nth, { before }] of order.entries())
          expect(before).toEqual(order.slice(0, nth).map(({ item }) => item));
        for (const [nth, one] of order.entries())
          for (const later of order.slice(nth + 1))
            expect(later.to).toBeGreaterThanOrEqual(one.from);
        const state = await client.readState(list, id).catch(() => ({ items: [] }));
        expect(state.items).toEqual(order.map(({ item }) => item));
      }
    }),
);

law(
  "snapshot reads are committed prefixes, and never go back",
  [
    fc.array(fc.record({ worksMs: fc.nat(4), fails: fc.boolean() }), { maxLength: 10 }),
    fc.integer({ min: 1, max: 3 }),
    fc.nat(5),
  ],
  (operations, everyMs, commitMs) =>
    inWorld(async (world) => {
      const pair = stateful("law/pair", {
        state: { one: value<number[]>([]), other: value<number[]>([]) },
        handlers: {
          async add(ctx, { n, worksMs, fails }: { n: number; worksMs: number; fails: boolean }) {
            ctx.state.one.push(n);
            await world.clock.work(worksMs);
            if (fails) throw new Error("no");
            ctx.state.other.push(n);
          },
        },
      });
      // Commits take time, so that handlers' effects and committed data differ for a while.
      const store = new HeldStore(world.store, () =>
        commitMs === 0 ? Promise.resolve() : world.clock.work(commitMs),
      );
      const client = await world.start([pair], { store });
      const committedLength = (): number => {
        const row = world.store
          .readState({ type: "law/pair", id: "p" })
          .find(({ name }) => name === "one");
        const items = row === undefined ? [] : codec.decode(row.value.content.text ?? UNDEFINED);
        return (items as readonly number[]).length;
      };
      const done: Promise<unknown>[] = [];
      for (const [n, each] of operations.entries())
        done.push(ending(client.call(pair.add, { n, ...each }, { id: "p", key: `add-${n}` })));
      const whole = operations.flatMap(({ fails }, n) => (fails ? [] : [n]));
      let seen = 0;
      for (let reads = 0; reads < 20; reads++) {
        await world.clock.advance(everyMs);
        const { one, other } = await client
          .readState(pair, "p")
          .catch(() => ({ one: [], other: [] }));
        expect(one).toEqual(other);
        expect(one).toEqual(whole.slice(0, one.length));
        expect(one.length).toBeLessThanOrEqual(committedLength());
        expect(one.length).toBeGreaterThanOrEqual(seen);
        seen = one.length;
      }
      await Promise.all(done);
      expect(await client.readState(pair, "p").catch(() => ({ one: [] }))).toMatchObject({
        one: whole,
      });
    }),
);

law(
  "state has no aliases: later changes to values that a handler took, returned, sent or kept do not change it",
  [values(), values()],
  (first, second) =>
    inWorld(async (world) => {
      const kept: { held: { v: unknown }[]; list: unknown[] }[] = [];
      const got: unknown[] = [];
      const receive = fn("law/receive", (_, given: { held: unknown[] }) => {
        got.push(structuredClone(given.held.length));
        given.held.push("spoilt");
      });
      const holder = stateful("law/holder", {
        state: { held: value<{ v: unknown }[]>([]), list: value<unknown[]>([]) },
        handlers: {
          put(ctx, input: { v: unknown }) {
            ctx.state.held.push(input);
            ctx.state.list.push(input);
            ctx.send(receive, { held: ctx.state.held });
            // All these changes come too late, or change a copy.
            const out = { held: ctx.state.held, list: ctx.state.list };
            kept.push(out);
            return out;
          },
          look: (ctx) => ({ held: ctx.state.held, list: ctx.state.list }),
        },
      });
      const client = await world.start([holder, receive]);
      const input = { v: first };
      const answer = await client.call(holder.put, input, { id: "h" });
      const expected = { held: [{ v: first }], list: [{ v: first }] };
      expect(answer).toEqual(expected);
      answer.held.push({ v: second });
      answer.list.length = 0;
      input.v = second;
      for (const { held } of kept) {
        try {
          held.push({ v: second });
        } catch {
          // It may be revoked or frozen.
        }
      }
      const snapshot = await client.readState(holder, "h");
      expect(snapshot).toEqual(expected);
      try {
        snapshot.held.push({ v: second });
      } catch {
        // So may this.
      }
      expect(await client.readState(holder, "h")).toEqual(expected);
      expect(await client.call(holder.look, undefined, { id: "h" })).toEqual(expected);
      expect(got).toEqual([1]);
    }),
);

const operation = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("add" as const), n: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("terminate" as const), n: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("delete" as const), n: fc.nat(9) }) },
);

law(
  "operations of one sender take effect in the order in which it sent them, including terminations",
  [fc.array(operation, { minLength: 1, maxLength: 12 }), fc.boolean()],
  (operations, invoked) =>
    inWorld(async (world) => {
      const seen: number[] = [];
      const sum = stateful("law/sum", {
        state: { total: value(0) },
        handlers: {
          act(ctx, { kind, n }: (typeof operations)[number]) {
            if (kind === "terminate") ctx.terminate();
            if (kind === "delete") delete (ctx.state as Partial<typeof ctx.state>).total;
            else ctx.state.total += n;
            seen.push(ctx.state.total);
            return ctx.state.total;
          },
        },
      });
      const main = fn("law/main", (ctx) => {
        if (invoked)
          return ctx.all(operations.map((each) => ctx.invoke(sum.act, each, { id: "s" })));
        for (const each of operations) ctx.send(sum.act, each, { id: "s" });
        return [];
      });
      let total = 0;
      const expected = operations.map(({ kind, n }) => {
        const now = kind === "delete" ? 0 : total + n;
        total = kind === "terminate" ? 0 : now;
        return now;
      });
      const client = await world.start([sum, main]);
      const results = await client.call(main);
      await world.clock.advance(10);
      expect(seen).toEqual(expected);
      if (invoked) expect(results).toEqual(expected);
      expect(await client.readState(sum, "s").catch(() => ({ total: 0 }))).toEqual({ total });
    }),
);
