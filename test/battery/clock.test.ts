import { describe, expect, test } from "vitest";
import { check } from "../../battery/checker/check.ts";
import { runClockJumps } from "../../battery/clock/clock-jumps.ts";
import { nextJump } from "../../battery/clock/jumps.ts";
import { longestWait } from "../../battery/clock/lateness.ts";
import { timers } from "../../battery/kinds/timer.ts";
import type { Entry, Noted, Said } from "../../battery/ledger/entry.ts";
import { operationOf } from "../../battery/plan/operation.ts";
import { Tally } from "../../battery/trial/tally.ts";
import { SeededRandom } from "../../src/testing/simulation/faults/seeded-random.ts";
import { temporaryDirectory } from "../stores/support/temporary-directory.ts";
import { Story } from "./support/story.ts";

const MINUTE_MS = 60_000;
const SEED = 1;
const { number: op } = new Story().operation(timers);

test("clocks jump forward and back, by small and large steps, and stay within an hour", () => {
  const random = new SeededRandom(1);
  const places: number[] = [0];
  for (let count = 0; count < 2_000; count++) places.push(nextJump(random, places.at(-1) ?? 0));
  const steps = places.map((place, index) => place - (places[index - 1] ?? 0));
  expect(Math.max(...places) - Math.min(...places)).toBeLessThan(55 * MINUTE_MS);
  expect([Math.max(...steps) > 20 * MINUTE_MS, Math.min(...steps) < -20 * MINUTE_MS]).toEqual([
    true,
    true,
  ]);
  expect(steps.some((step) => step > 0 && step < 500)).toBe(true);
  expect(places.filter((place) => place === 0).length).toBeGreaterThan(100);
});

/**
 * Entries of a ledger, at instants of the machine's clock. `aheadMs` is the deviation of the
 * process's clock.
 */
function told(
  ...lines: readonly (readonly [at: number, said: Said | Noted, aheadMs?: number])[]
): readonly Entry[] {
  return lines.map(([at, said, aheadMs = 0]) => ({
    ...said,
    at: 1_000_000 + at,
    life: 1,
    ...(aheadMs !== 0 && { aheadMs }),
  }));
}

const opening: Said = { what: "opening" };
const asks: Said = { what: "intend", request: 0, op, step: "start" };
const ring = (dueAt: number): Said => ({
  what: "effect",
  op,
  part: "ring",
  key: "k",
  value: 1_000_000 + dueAt,
});
const set: Said = { what: "clock" };
const over: Noted = { what: "end", code: null, signal: "SIGKILL" };

describe("a timer is early", () => {
  /** Returns true if timers are found to be early. The shortest delay is 20 ms. */
  const early = (entries: readonly Entry[]): boolean => {
    const { violations } = check(SEED, [...entries, ...told([900_000, { what: "told" }])]);
    return violations.some(({ what }) => what === "early");
  };
  const at = 5_000;

  test("if no clock has shown its time yet, even if the machine's would have", () => {
    expect(operationOf(SEED, op).number).toBe(op);
    expect(early(told([0, opening], [1, asks], [10, set, -60_000], [at, ring(at), -60_000]))).toBe(
      true,
    );
  });

  test("but not if the clock jumped there, whatever the machine's clock shows", () => {
    expect(early(told([0, opening], [1, asks], [10, set, 60_000], [20, ring(at), 60_000]))).toBe(
      false,
    );
  });

  test("nor if the clock was set back between its delivery and its handler", () => {
    expect(
      early(
        told(
          [0, opening],
          [1, asks],
          [10, set, 60_000],
          [20, set, -60_000],
          [30, ring(at), -60_000],
        ),
      ),
    ).toBe(false);
  });

  test("if the clock showed its time only before the request", () => {
    expect(
      early(
        told([0, opening, 60_000], [1, set, -60_000], [2, asks, -60_000], [30, ring(at), -60_000]),
      ),
    ).toBe(true);
  });
});

describe("the delay of a timer counts", () => {
  test("from its due time by the clock, or from its request", () => {
    expect(longestWait(told([0, opening], [100, asks], [700, ring(400)]))).toBe(300);
    expect(longestWait(told([0, opening], [100, asks], [700, ring(50)]))).toBe(600);
  });

  test("from the setting of the clock to its time, over further settings", () => {
    const jumped = told(
      [0, opening],
      [1, asks],
      [100, set, 60_000],
      [200, set, 70_000],
      [350, ring(50_000), 70_000],
    );
    expect(longestWait(jumped)).toBe(250);
  });

  test("from the last time that the clock was set back or the process died", () => {
    expect(
      longestWait(
        told(
          [0, opening],
          [1, asks],
          [100, set, 60_000],
          [200, set, 0],
          [250, set, 60_000],
          [300, ring(50_000), 60_000],
        ),
      ),
    ).toBe(100);
    expect(
      longestWait(told([0, opening], [1, asks], [200, over], [900, opening], [950, ring(50)])),
    ).toBe(150);
  });
});

test("jumping clocks cause no loss, duplicate, disorder, early timer or stuck flow", async () => {
  const tally = new Tally();
  await runClockJumps(
    { seed: 7, folder: temporaryDirectory(), until: Number.POSITIVE_INFINITY, tally },
    { lives: 2, jumps: 3, sleeps: false },
  );
  expect({ failures: tally.failures, violations: tally.violations }).toEqual({
    failures: [],
    violations: [],
  });
  expect(tally.count("clockJumps")).toBe(2 * 3 + 1);
  expect(tally.requests.acknowledged).toBeGreaterThan(50);
});
