import fc from "fast-check";
import { expect, test } from "vitest";
import { ClaimedFlowNumbers } from "../../src/core/engine/claimed-flow-numbers.ts";
import { claimProcess } from "../../src/futures/client/claim-process.ts";
import { VirtualClock } from "../../src/testing/simulation/machine/virtual-clock.ts";
import { poorest } from "../engines/poorest/poorest.ts";

test("processes that start at the same time never give two flows one number", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(),
      fc.integer({ min: 1, max: 3 }),
      fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 2, maxLength: 8 }),
      async (seed, most, counts) => {
        const { engine } = poorest({ functions: [], clock: new VirtualClock(), seed });
        const drawn = await Promise.all(
          counts.map((count) => {
            const numbers = new ClaimedFlowNumbers(() => claimProcess(engine), most);
            return Promise.all(Array.from({ length: count }, async () => numbers.next()));
          }),
        );
        const all = drawn.flat();
        expect(new Set(all).size).toBe(all.length);
        for (const number of all) expect(number).toMatch(/^[0-9a-f]{16}$/);
        for (const each of drawn) expect(each).toEqual(each.toSorted());
        engine.close();
      },
    ),
    { numRuns: 50 },
  );
});

test("one claim serves the flows that wait for it, and a failed one is tried again", async () => {
  let claims = 0;
  const numbers = new ClaimedFlowNumbers(async () => {
    claims++;
    if (claims === 1) throw new Error("no answer");
    return Promise.resolve(7);
  });
  const waiting = [numbers.next(), numbers.next()];
  for (const each of waiting) await expect(each).rejects.toThrow("no answer");
  expect(await Promise.all([numbers.next(), numbers.next()])).toEqual([
    "0000000700000000",
    "0000000700000001",
  ]);
  expect(numbers.next()).toBe("0000000700000002");
  expect(claims).toBe(2);
});
