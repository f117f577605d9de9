import fc from "fast-check";
import { expect, test } from "vitest";
import { diskKind, everyCommit, play } from "../support/every-commit.ts";
import { FAULTS } from "../support/faulty-store.ts";
import {
  cancelledBlocking,
  cancelledFlow,
  cancelledHandle,
  races,
  WAYS,
} from "../support/cancel-scenarios.ts";

/** The bookings by clean-ups of work parked in each way. */
function cleanedUp(...prefixes: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    prefixes.flatMap((prefix) => WAYS.map((way) => [`CANCELLED ${prefix} ${way}`, 1])),
  );
}

test("races are decided and their losers clean up once, whichever commit fails and in whichever way", async () => {
  const { result, observed } = await everyCommit(races);
  expect(result).toMatchObject([{ value: 1 }, { value: 1 }, { reason: { code: "TIMEOUT" } }]);
  // Work behind a handle continues, because another holder may need it.
  const requests = {
    ...cleanedUp("race", "any", "timeout"),
    "race won": 1,
    "any won": 1,
    "late handle": 3,
  };
  expect(observed).toEqual({ requests, final: true });
});

test("a flow is canceled and cleans up once, whichever commit fails and in whichever way; its one-way messages arrive", async () => {
  const { result, observed } = await everyCommit(cancelledFlow);
  expect(result).toEqual({ outcome: "CANCELLED", status: "cancelled" });
  const requests = {
    ...cleanedUp("flow", "branch"),
    called: 1,
    "one-way": 1,
    "one-way, delayed": 1,
  };
  expect(observed).toEqual({ requests, final: true });
});

test("canceling a future through its handle reaches all its consumers, whichever commit fails and in whichever way", async () => {
  const { result, observed } = await everyCommit(cancelledHandle);
  expect(result).toMatchObject([
    [{ reason: { code: "CANCELLED" } }, { value: "cancelled" }],
    "CANCELLED",
  ]);
  expect(observed).toEqual({ requests: cleanedUp("work"), final: true });
});

test("messages sent by blocked handlers are canceled with their flow, whichever commit fails and in whichever way", async () => {
  const { result, observed } = await everyCommit(cancelledBlocking);
  expect(result).toEqual({ outcome: "CANCELLED", status: "cancelled" });
  expect(observed).toMatchObject({
    requests: { ...cleanedUp("one"), "one first": 1, "one sent": 1 },
    final: true,
  });
});

const crash = fc.tuple(fc.integer({ min: 1, max: 12 }), fc.constantFrom(...FAULTS));

test("any number of failures in a row leaves cancellation unchanged", async () => {
  const all = [races, cancelledFlow, cancelledHandle, cancelledBlocking];
  const calm = new Map(
    await Promise.all(all.map(async (make) => [make, await play<unknown>(make(), [])] as const)),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...all),
      fc.array(crash, { minLength: 2, maxLength: 6 }),
      diskKind,
      async (make, crashes, disk) => {
        expect(await play<unknown>(make(), crashes, disk)).toEqual({
          ...calm.get(make),
          commits: expect.any(Number) as unknown,
        });
      },
    ),
  );
});
