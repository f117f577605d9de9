import { fn } from "handback";
import type { Context, DeadLetterReport, Future, Settlement } from "handback";
import { saga } from "handback/patterns";
import { crashing, simulate } from "handback/testing";
import type { Simulated } from "handback/testing";
import { describe, expect, test } from "vitest";

const poison = fn("canceled/poison", (_, n: number) => n);

/** Waits until the message that crashes the process is held. */
async function heldLetter(t: Simulated): Promise<DeadLetterReport> {
  for (;;) {
    const [letter] = await t.deadLetters();
    if (letter !== undefined) return letter;
    await t.advance("5s");
  }
}

const around: readonly (readonly [
  string,
  (ctx: Context, future: Future<number>) => Future<unknown>,
])[] = [
  ["the flow", (_, future) => future],
  ["a race", (ctx, future) => ctx.race([future, ctx.event("stop")])],
  ["a blocked branch", (ctx, future) => ctx.first(1, [ctx.all([future]), ctx.event("stop")])],
  ["a limit", (ctx, future) => ctx.timeout(future, "30m")],
];

describe("a held message whose work is canceled", () => {
  test.each(around)(
    "settles what waits for it, and is never sent again: %s is canceled",
    async (what, wrap) => {
      const endings: unknown[] = [];
      let worked = 0;
      const poison = fn("canceled/poison", () => ++worked);
      const tidy = fn("canceled/tidy", (_, end: Settlement<number>): never => {
        endings.push(end.status === "rejected" ? [end.reason.code, end.run] : end.value);
        throw new Error("tidied up");
      });
      const main = fn("canceled/main", (ctx) => wrap(ctx, ctx.onSettled(ctx.invoke(poison), tidy)));
      const functions = [crashing(poison, 5), main, tidy];
      const run = await simulate({ functions, crashLimit: 3 }, async (t) => {
        const flow = await t.client.start(main, undefined, { id: "f" });
        const { id, isHeld } = await heldLetter(t);
        expect(isHeld).toBe(true);
        if (what === "the flow") await t.client.cancel(flow);
        else if (what === "a limit") await t.advance("1h");
        else await t.client.signal(flow, "stop", "stopped");
        await t.advance("1m");
        await t.crash();
        const after = await t.deadLetters();
        expect(after.map((letter) => [letter.id, letter.isHeld, letter.failure.code])).toEqual([
          [id, false, "POISONED"],
        ]);
        expect(endings).toEqual([["CANCELLED", "unknown"]]);
        expect(await t.redrive(id)).toBe(false);
        expect(await t.deadLetters()).toHaveLength(1);
        await t.discard(id);
        expect(await t.deadLetters()).toEqual([]);
        await t.advance("1m");
        expect(endings).toHaveLength(1);
        return (await flow.status()).status;
      });
      const statuses = { "the flow": "cancelled", "a limit": "failed" } as const;
      expect(run.result).toBe(
        what === "the flow" || what === "a limit" ? statuses[what] : "completed",
      );
      expect(worked).toBe(0);
    },
  );

  test("makes a saga find out whether its step took effect", async () => {
    const unsure: number[] = [];
    const findOut = fn("canceled/find-out", (_, n: number) => void unsure.push(n));
    const undo = fn("canceled/undo", (_, _n: number) => undefined);
    const f = saga("canceled/saga", { do: poison, undo, ifUnsure: findOut });
    await simulate({ functions: [f, crashing(poison)], crashLimit: 3 }, async (t) => {
      const flow = await t.client.start(f, 7, { id: "f" });
      await heldLetter(t);
      expect(unsure).toEqual([]);
      await t.client.cancel(flow);
      await t.advance("1m");
      expect(unsure).toEqual([7]);
    });
  });

  test("stays held if it cleans up, and runs once it is redriven", async () => {
    const got: unknown[] = [];
    const tidy = fn("canceled/tidy", (_, end: Settlement<void>) => {
      got.push(end.status === "rejected" ? end.reason.code : end.status);
    });
    const main = fn("canceled/main", (ctx) => ctx.onSettled(ctx.sleep(1), tidy));
    await simulate({ functions: [main, crashing(tidy, 5)], crashLimit: 3 }, async (t) => {
      const flow = await t.client.start(main, undefined, { id: "f" });
      const { id } = await heldLetter(t);
      await t.client.cancel(flow);
      await t.advance("1m");
      expect((await t.deadLetters()).map((letter) => letter.isHeld)).toEqual([true]);
      expect(got).toEqual([]);
      expect(await t.redrive(id)).toBe(true);
      await t.advance("1m");
      expect(got).toEqual(["CANCELLED"]);
    });
  });

  test("can be canceled after it was redriven, like any other message", async () => {
    let runs = 0;
    const slow = fn("canceled/slow", (ctx) => {
      runs++;
      return ctx.sleep("1h");
    });
    const main = fn("canceled/main", (ctx) => ctx.invoke(slow));
    const functions = [crashing(slow, 5), main];
    await simulate({ functions, crashLimit: 3 }, async (t) => {
      const flow = await t.client.start(main, undefined, { id: "f" });
      const { id } = await heldLetter(t);
      expect(await t.redrive(id)).toBe(true);
      await t.advance("1m");
      expect([runs, (await flow.status()).status]).toEqual([1, "pending"]);
      expect(await t.client.cancel(flow)).toBe(true);
      await t.advance("2h");
      expect((await flow.status()).status).toBe("cancelled");
      expect(await t.deadLetters()).toEqual([]);
    });
  });
});
