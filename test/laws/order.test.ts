import { fn, stateful, value } from "handback";
import fc from "fast-check";
import { expect } from "vitest";
import { onMemory, onPoorestLosing } from "../conformance/host.ts";
import { law } from "./support/law.ts";
import { inWorld } from "./support/world.ts";

law(
  "first in, first out per sender and address, on every engine",
  [
    fc.array(fc.array(fc.constantFrom("send", "invoke", "handler"), { maxLength: 6 }), {
      minLength: 1,
      maxLength: 4,
    }),
    fc.integer(),
    fc.constantFrom(onMemory, onPoorestLosing(0), onPoorestLosing(0.2)),
  ],
  async (senders, seed, engine) => {
    const inbox = stateful("law/inbox", {
      state: { got: value<(readonly [number, number])[]>([]) },
      handlers: {
        put: (ctx, item: readonly [number, number]) => void ctx.state.got.push(item),
        take: (ctx) => ctx.state.got,
      },
    });
    const sender = stateful("law/sender", {
      state: { n: value(0) },
      handlers: {
        send(ctx, { from, ways }: { from: number; ways: readonly string[] }) {
          for (const [n, way] of ways.entries()) {
            if (way === "send") ctx.send(inbox.put, [from, n], { id: "in" });
            else ctx.invoke(inbox.put, [from, n], { id: "in" });
          }
        },
      },
    });
    const main = fn("law/main", (ctx) => {
      for (const [from, ways] of senders.entries())
        ctx.send(sender.send, { from, ways }, { id: `s${from}` });
    });
    const host = await engine.start([inbox, sender, main], {}, seed);
    try {
      await host.client.call(main);
      await host.clock.advance(100);
      const got = await host.client.call(inbox.take, undefined, { id: "in" });
      for (const [from, ways] of senders.entries()) {
        expect(got.filter(([who]) => who === from).map(([, n]) => n)).toEqual(
          ways.map((_, n) => n),
        );
      }
    } finally {
      await host.close();
    }
  },
);

law(
  "an input with futures takes its place in the order when they resolve",
  [fc.uniqueArray(fc.nat(30), { minLength: 1, maxLength: 8 })],
  (delays) =>
    inWorld(async (world) => {
      const inbox = stateful("law/inbox", {
        state: { got: value<number[]>([]) },
        handlers: { put: (ctx, n: number) => ctx.state.got.push(n) },
      });
      const wake = fn("law/wake", (_, { args }: { result: void; args: number }) => args);
      const main = fn("law/main", (ctx) =>
        ctx.all(
          delays.map((ms) =>
            ctx.invoke(inbox.put, ctx.onComplete(ctx.sleep(ms), wake, ms), { id: "in" }),
          ),
        ),
      );
      const client = await world.start([inbox, wake, main]);
      await client.call(main);
      expect(await client.readState(inbox, "in")).toEqual({
        got: delays.toSorted((a, b) => a - b),
      });
    }),
);

law(
  "events are delivered first in, first out, early or late",
  [
    fc.array(fc.record({ ms: fc.nat(20), kind: fc.constantFrom("signal", "wait") }), {
      maxLength: 14,
    }),
  ],
  (moves) =>
    inWorld(async (world) => {
      const got: (readonly [number, unknown])[] = [];
      const take = fn(
        "law/take",
        (_, { result, args }: { result: unknown; args: number }) => void got.push([args, result]),
      );
      const wait = fn("law/wait", (ctx, { args }: { result: void; args: number }) =>
        ctx.onComplete(ctx.event("e"), take, args),
      );
      const main = fn("law/main", (ctx, waits: readonly number[]) =>
        ctx.all([
          ...waits.map((ms, n) => ctx.onComplete(ctx.sleep(ms), wait, n)),
          ctx.event("never"),
        ]),
      );
      const client = await world.start([main, wait, take]);
      const waits = moves.filter(({ kind }) => kind === "wait").map(({ ms }) => ms);
      const signals = moves.filter(({ kind }) => kind === "signal").map(({ ms }) => ms);
      await client.start(main, waits, { id: "f" });
      await world.at(
        signals
          .toSorted((a, b) => a - b)
          .map((ms, n) => ({ ms, happens: () => client.signal("f", "e", n) })),
      );
      await world.clock.advance(100);
      const served = Math.min(waits.length, signals.length);
      // The nth event goes to the nth waiter, in the order of time.
      expect(got.map(([, event]) => event)).toEqual(Array.from({ length: served }, (_, n) => n));
      expect(got.map(([waiter]) => waits[waiter])).toEqual(
        waits.toSorted((a, b) => a - b).slice(0, served),
      );
    }),
);
