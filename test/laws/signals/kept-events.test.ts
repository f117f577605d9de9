import { fn } from "handback";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { law } from "../support/law.ts";
import { inWorld } from "../support/world.ts";

law(
  "kept events are taken first in, first out, and none is left when their flow has ended",
  [fc.array(fc.constantFrom("signal", "take"), { maxLength: 30 })],
  (steps) =>
    inWorld(async (world) => {
      const taken: string[] = [];
      const next = fn("law/next", (ctx): unknown => ctx.onComplete(ctx.event<string>("go"), got));
      const got = fn("law/got", (ctx, value: string): unknown => {
        taken.push(value);
        return ctx.onComplete(ctx.event<string>("value"), took);
      });
      const took = fn("law/took", (ctx, value: string): unknown => {
        taken.push(value);
        return ctx.onComplete(ctx.event<string>("go"), got);
      });
      const client = await world.start([next, got, took]);
      const flow = await client.start(next, undefined, { id: "f" });
      let [sent, asked] = [0, 0];
      for (const step of steps) {
        if (step === "signal") await client.signal(flow, "value", `value ${sent++}`);
        else await client.signal(flow, "go", `go ${asked++}`);
      }
      await world.clock.advance(1);
      const expected: string[] = [];
      for (let n = 0; n < asked; n++) {
        expected.push(`go ${n}`);
        if (n >= sent) break;
        expected.push(`value ${n}`);
      }
      expect(taken).toEqual(expected);
      await client.cancel(flow);
      world.clock.skip(8 * 86_400_000);
      await world.clock.advance(121_000);
      expect(world.store.count()).toMatchObject({ messages: 0, delayed: 0, state: 0, watches: 0 });
    }),
  { runs: 60 },
);

describe("events that a flow does not wait for", () => {
  const idle = fn("law/idle", (ctx) => ctx.event("start"));

  test("are written once each, whatever their number", () =>
    inWorld(async (world) => {
      const client = await world.start([idle]);
      await client.start(idle, undefined, { id: "f" });
      const written: number[] = [];
      const commit = world.store.commit.bind(world.store);
      world.store.commit = (batch) => {
        written.push(JSON.stringify(batch.values).length);
        return commit(batch);
      };
      for (let n = 0; n < 200; n++) await client.signal("f", "later", "x".repeat(1_000));
      expect(Math.max(...written.slice(-10))).toBeLessThan(1.2 * Math.max(...written.slice(5, 15)));
    }));

  test("are refused beyond 10,000, and taken again once one was taken", () =>
    inWorld(async (world) => {
      const eats = fn("law/eats", (ctx): unknown => ctx.onComplete(ctx.event("start"), one));
      const one = fn("law/one", (ctx): unknown => ctx.all([ctx.event("later"), ctx.event("end")]));
      const client = await world.start([eats, one]);
      await client.start(eats, undefined, { id: "f" });
      await Promise.all(Array.from({ length: 10_000 }, (_, n) => client.signal("f", "later", n)));
      const refused = { code: "OVERLOADED", details: { flow: "f" } };
      await expect(client.signal("f", "later", 0)).rejects.toMatchObject(refused);
      await expect(client.signal("f", "misspelt", 0)).rejects.toMatchObject(refused);
      await expect(client.signal("f", "later", 0, { key: "k" })).rejects.toMatchObject(refused);
      await client.signal("f", "start");
      await world.clock.advance(1);
      await client.signal("f", "later", 0);
      await expect(client.signal("f", "later", 0)).rejects.toMatchObject(refused);
      await client.cancel("f");
    }));

  test("are refused beyond 64 Mi characters", () =>
    inWorld(async (world) => {
      const client = await world.start([idle]);
      await client.start(idle, undefined, { id: "f" });
      const large = "x".repeat(20_000_000);
      for (let n = 0; n < 3; n++) await client.signal("f", "later", large);
      await expect(client.signal("f", "later", large)).rejects.toMatchObject({
        code: "OVERLOADED",
      });
    }));

  test("are refused if their names are not among the declared ones", () =>
    inWorld(async (world) => {
      const paid = fn("law/paid", { events: ["paid"] }, (ctx) => ctx.event<number>("paid"));
      const client = await world.start([paid]);
      const flow = await client.start(paid);
      await expect(client.signal(flow, "payed", 1)).rejects.toMatchObject({ code: "INVALID_NAME" });
      await expect(client.signal(flow, "payed", 1, { key: "k" })).rejects.toMatchObject({
        code: "INVALID_NAME",
      });
      await client.signal(flow, "paid", 1);
      expect(await flow.result()).toBe(1);
    }));

  test("are taken once a function of the flow waits for them, declared or not", () =>
    inWorld(async (world) => {
      const order = (events: readonly string[]) =>
        fn("law/order", { events }, (ctx) => ctx.onComplete(ctx.event("paid"), ship));
      const ship = fn("law/ship", (ctx, _: unknown) => ctx.event<string>("shipped"));
      const before = order(["paid"]);
      const client = await world.start([before, ship]);
      await client.start(before, undefined, { id: "f" });
      await expect(client.signal("f", "shipped", "!")).rejects.toThrow(/declares/);
      const later = await world.start([order(["paid", "shipped"]), ship]);
      await later.signal("f", "paid", 1);
      await world.clock.advance(1);
      await expect(later.signal("f", "shiped", "!")).rejects.toThrow(/declares/);
      await later.signal("f", "shipped", "by sea");
      expect(await later.flow("f").result()).toBe("by sea");
    }));

  test("cannot be waited for by a function that declares others", () =>
    inWorld(async (world) => {
      const typo = fn("law/typo", { events: ["paid"] }, (ctx) => ctx.event("payed"));
      const client = await world.start([typo]);
      await expect(client.call(typo)).rejects.toThrow(
        /INVALID_NAME: ctx\.event\("payed"\): law\/typo declares .*expected one of "paid"/,
      );
    }));
});

describe("a key that looks like one of the engine's", () => {
  const echo = fn("law/echo", (_, n: number) => n);
  const generated = ["0000010000000005", "ffffffffffffffff", `@${"0".repeat(40)}`];

  test.each(generated)("is refused as a new one: %s", (key) =>
    inWorld(async (world) => {
      const client = await world.start([echo]);
      await expect(client.start(echo, 1, { key })).rejects.toMatchObject({
        code: "INVALID_IDEMPOTENCY_KEY",
      });
      await expect(client.call(echo, 1, { id: key })).rejects.toMatchObject({
        code: "INVALID_KEY",
      });
      await expect(client.status(key)).rejects.toMatchObject({ code: "NOT_FOUND" });
      expect(world.store.count().state).toBe(0);
      for (const other of [key.slice(1), `${key}0`, key.replace(/^./, "x")])
        expect(await client.call(echo, 1, { key: other })).toBe(1);
    }),
  );

  test("reaches the flow that has it", () =>
    inWorld(async (world) => {
      const waits = fn("law/waits", (ctx) => ctx.event<number>("go"));
      const client = await world.start([waits, echo]);
      const { id } = await client.start(waits);
      await expect(client.start(echo, 1, { key: id })).rejects.toMatchObject({
        code: "IDEMPOTENCY_CONFLICT",
      });
      await client.signal(id, "go", 5);
      expect(await client.flow(id).result()).toBe(5);
    }));
});

test("a state is not made by an id that looks generated", () =>
  inWorld(async (world) => {
    const { stateful, value } = await import("handback");
    const box = stateful("law/box", {
      state: { n: value(0) },
      handlers: { add: (ctx, n: number) => (ctx.state.n += n) },
    });
    const calls = fn("law/calls", (ctx, id: string) => ctx.invoke(box.add, 1, { id }));
    const sends = fn("law/sends", (ctx, id: string) => ctx.send(box.add, 1, { id }));
    const client = await world.start([box, calls, sends]);
    const id = `@${"1".repeat(40)}`;
    await expect(client.call(box.add, 1, { id })).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(client.call(calls, id)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await client.call(sends, id);
    await world.clock.advance(1);
    await expect(client.readState(box, id)).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(world.store.readState({ type: "law/box", id })).toEqual([]);
  }));
