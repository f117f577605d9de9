import { fn, stateful, value } from "handback";
import { everyCrash } from "handback/testing";
import { describe, expect, test } from "vitest";
import { Bank, makeCheckout, makeNumbers } from "./planted-bugs.ts";
import { checkout, egress, ORDER, shop } from "./shop.ts";

const EVERY_WAY = ["before", "after", "lost", "kept", "refused", "unsure"] as const;
const order = { id: "o1", cents: 4200 };

describe("everyCrash", () => {
  test("runs a flow once per commit and way to crash there, and reports the number", async () => {
    const report = await everyCrash({ functions: shop, egress, how: EVERY_WAY }, (t) =>
      t.client.call(checkout, ORDER),
    );
    expect(report.run.result).toEqual({ charged: 1, notices: [1, 1] });
    expect(report.run.crashes).toEqual([]);
    expect(report.points).toBe(report.run.commits * 6);
    expect(report.run.commits).toBeGreaterThan(5);
  });

  test("delivers delayed messages before it compares", async () => {
    const alarm = stateful("test/alarm", {
      state: { rings: value(0) },
      handlers: {
        set(ctx): void {
          ctx.send(alarm.ring, undefined, { id: ctx.self.id, delay: "3h" });
        },
        ring(ctx) {
          ctx.state.rings++;
        },
      },
    });
    const report = await everyCrash({ functions: [alarm] }, (t) =>
      t.client.call(alarm.set, undefined, { id: "a" }),
    );
    expect(await report.run.state(alarm, "a")).toEqual({ rings: 1 });
  });

  test("finds a charge that a crash doubles, and names the crash", async () => {
    let bank = new Bank();
    const { functions, checkout } = makeCheckout(
      { charge: (...args) => bank.charge(...args) } as Bank,
      false,
    );
    const charging = everyCrash({ functions }, async (t) => {
      bank = new Bank();
      await t.client.call(checkout, order);
      return bank.charges.length;
    });
    await expect(charging).rejects.toMatchObject({
      name: "AssertionError",
      message:
        "a crash before commit 4 changed the outcome:\n  result without it: 1\n  result with it:    2\n" +
        'replay: simulate({ ..., schedule: {"crashes":[{"commit":4,"how":"before"}]} }, ...)',
    });
  });

  test("passes if the bank gets the idempotency key", async () => {
    let bank = new Bank();
    const { functions, checkout } = makeCheckout(
      { charge: (...args) => bank.charge(...args) } as Bank,
      true,
    );
    const report = await everyCrash({ functions, how: EVERY_WAY }, async (t) => {
      bank = new Bank();
      await t.client.call(checkout, order);
      return bank.charges;
    });
    expect(report.run.result).toEqual([order]);
  });

  test("finds data kept in a variable of the process", async () => {
    const handOut = async (isSafe: boolean) => {
      const { numbers, functions } = makeNumbers(isSafe);
      return everyCrash({ functions }, async (t) => [
        await t.client.call(numbers.next, undefined, { id: "n" }),
        await t.client.call(numbers.next, undefined, { id: "n" }),
      ]);
    };
    expect((await handOut(true)).run.result).toEqual([1, 2]);
    await expect(handOut(false)).rejects.toThrow(
      /^a crash .* changed the outcome:\n {2}result without it: \[1,2\]\n {2}result with it: {4}\[1,1\]/,
    );
  });

  test("names the crash with which the body failed", async () => {
    let calls = 0;
    const once = fn("test/once", () => {
      if (++calls > 1) throw new Error("a second time");
    });
    const body = everyCrash({ functions: [once] }, async (t) => {
      calls = 0;
      await t.client.call(once);
    });
    await expect(body).rejects.toThrow(/^with a crash before commit 2: .*a second time/);
  });

  test("compares the selected parts", async () => {
    let runs = 0;
    const counted = fn("test/counted", (ctx) => {
      ctx.egress("test/out", ++runs);
      return ctx.now();
    });
    const options = { functions: [counted], egress: { "test/out": () => undefined } };
    await expect(everyCrash(options, (t) => t.client.call(counted))).rejects.toThrow(
      "egress without it",
    );
    await everyCrash({ ...options, compare: ({ flows }) => flows }, (t) => t.client.call(counted));
  });

  test("ignores generated ids", async () => {
    const box = stateful("test/box", {
      state: { self: value("") },
      handlers: { open: (ctx) => (ctx.state.self = ctx.self.id) },
    });
    const make = fn("test/make", (ctx) => ({ id: ctx.invoke(box.open), key: ctx.idempotencyKey }));
    const { points } = await everyCrash({ functions: [box, make] }, (t) => t.client.call(make));
    expect(points).toBeGreaterThan(2);
  });

  test("reports a run that does not follow from its options", async () => {
    let runs = 0;
    const drifting = fn("test/drifting", (ctx) => (runs++ < 1 ? ctx.sleep(10) : undefined));
    await expect(
      everyCrash({ functions: [drifting] }, (t) => t.client.call(drifting)),
    ).rejects.toThrow("did not happen");
  });
});
