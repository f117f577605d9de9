import fc from "fast-check";
import { schedules, simulate } from "handback/testing";
import type { Schedule } from "handback/testing";
import { describe, expect, test } from "vitest";
import { Bank, makeCheckout } from "./planted-bugs.ts";

const order = { id: "o1", cents: 4200 };

/** Charges once under any schedule: a user's assertion. */
const chargesOnce = (isSafe: boolean) =>
  fc.asyncProperty(schedules(), async (schedule) => {
    const bank = new Bank();
    const { checkout, functions } = makeCheckout(bank, isSafe);
    await simulate({ functions, schedule }, async (t) => {
      await t.client.call(checkout, order);
      if (bank.charges.length !== 1) throw new Error(`charged ${bank.charges.length} times`);
    });
  });

describe("schedules", () => {
  test("are deterministic: the same schedule takes the same course", async () => {
    const { checkout, functions } = makeCheckout(new Bank(), true);
    await fc.assert(
      fc.asyncProperty(schedules(), async (schedule) => {
        const play = async (): Promise<string> =>
          (await simulate({ functions, schedule }, (t) => t.client.call(checkout, order))).hash;
        expect(await play()).toBe(await play());
      }),
    );
  });

  test("differ in their decisions", async () => {
    const { checkout, functions } = makeCheckout(new Bank(), true);
    const play = async (schedule: Schedule) =>
      simulate({ functions, schedule }, (t) => t.client.call(checkout, order));
    const some: readonly Schedule[] = [
      {},
      { crashes: [{ commit: 1, how: "before" }] },
      { crashes: [{ commit: 1, how: "after" }] },
      { commitMs: [3] },
      { repeats: [1] },
    ];
    const hashes = await Promise.all(some.map(async (schedule) => (await play(schedule)).hash));
    expect(new Set(hashes).size).toBe(some.length);
    expect((await play({ seed: 5 })).hash).toBe(hashes[0]);
  });

  test("shrink to the one crash that matters", async () => {
    const details = await fc.check(chargesOnce(false), { seed: 1, numRuns: 200 });
    expect(details.failed).toBe(true);
    expect(details.counterexample).toEqual([{ crashes: [{ commit: 4, how: "before" }] }]);
    expect(String(details.errorInstance)).toBe(
      'Error: charged 2 times\nreplay: simulate({ ..., schedule: {"crashes":[{"commit":4,"how":"before"}]} }, ...)',
    );
  });

  test("shrink to it from any start", async () => {
    for (let seed = 2; seed < 12; seed++) {
      const { counterexample } = await fc.check(chargesOnce(false), { seed, numRuns: 200 });
      expect(counterexample).toEqual([{ crashes: [{ commit: 4, how: "before" }] }]);
    }
  });

  test("take the same path again if fast-check names it", async () => {
    const { counterexample, counterexamplePath: path } = await fc.check(chargesOnce(false), {
      seed: 3,
      numRuns: 200,
    });
    const again = await fc.check(chargesOnce(false), {
      seed: 3,
      path: path ?? "",
      endOnFailure: true,
    });
    expect(again).toMatchObject({ failed: true, counterexample, numRuns: 1 });
  });

  test("do not fail a safe workflow", async () => {
    await fc.assert(chargesOnce(true));
  });

  test("stay within their size limits", () => {
    fc.assert(
      fc.property(schedules({ maxCrashes: 1, maxCommit: 3 }), ({ crashes = [] }) => {
        expect(crashes.length).toBeLessThanOrEqual(1);
        for (const { commit } of crashes) expect(commit).toBeLessThanOrEqual(3);
      }),
    );
    expect(
      fc
        .sample(schedules(), { seed: 1, numRuns: 100 })
        .some(({ crashes = [] }) => crashes.length > 1),
    ).toBe(true);
  });
});
