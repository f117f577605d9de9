import fc from "fast-check";
import { CRASH_MODES } from "./crash.ts";
import { oneCrashFirst } from "./one-crash-first.ts";
import type { Schedule } from "./schedule.ts";

/** Options of `schedules`. */
export interface SchedulesOptions {
  /** Maximum number of crashes in one run; default 3. */
  readonly maxCrashes?: number;
  /**
   * Last commit at which a crash may be, from 1; default 40. A crash at a commit that a run does
   * not reach has no effect.
   */
  readonly maxCommit?: number;
}

const SLOWEST_COMMIT_MS = 20;

/**
 * Generates schedules for `simulate({ schedule })`: crashes, orders, slow commits, repeated
 * requests. They shrink towards `{}`, in which nothing fails and everything happens in order, so a
 * counterexample contains only the decisions that matter.
 *
 * @example
 * import { fn } from "handback";
 * import { schedules, simulate } from "handback/testing";
 * import fc from "fast-check";
 *
 * const double = fn("docs/double", (_, n: number) => 2 * n);
 * await fc.assert(
 *   fc.asyncProperty(schedules(), async (schedule) => {
 *     const options = { functions: [double], schedule };
 *     const run = await simulate(options, (t) => t.client.call(double, 21));
 *     return run.result === 42;
 *   }),
 * );
 */
export function schedules({
  maxCrashes = 3,
  maxCommit = 40,
}: SchedulesOptions = {}): fc.Arbitrary<Schedule> {
  // Most flows have few commits, and most faults show at the early ones.
  const commit = fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: 1, max: Math.min(8, maxCommit) }) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: maxCommit }) },
  );
  const crash = fc.record({ commit, how: fc.constantFrom(...CRASH_MODES) });
  const everything: fc.Arbitrary<Required<Schedule>> = fc.record({
    crashes: fc.array(crash, { maxLength: maxCrashes }),
    choices: fc.array(fc.nat(7), { maxLength: 40 }),
    commitMs: fc.array(fc.nat(SLOWEST_COMMIT_MS), { maxLength: 20 }),
    repeats: fc.uniqueArray(fc.integer({ min: 1, max: 6 }), { maxLength: 3 }),
    seed: fc.nat(0xffff),
  });
  return oneCrashFirst(everything.map(withoutDefaults, withDefaults));
}

/** Drops entries that equal their defaults, so that a printed schedule is short. */
function withoutDefaults({ seed, crashes, ...others }: Required<Schedule>): Schedule {
  const lists = { crashes: crashes.toSorted((one, other) => one.commit - other.commit), ...others };
  const telling = Object.entries(lists).filter(
    ([, list]: [string, readonly unknown[]]) => list.length > 0,
  );
  return { ...(Object.fromEntries(telling) as Schedule), ...(seed !== 0 && { seed }) };
}

function withDefaults(schedule: unknown): Required<Schedule> {
  return {
    crashes: [],
    choices: [],
    commitMs: [],
    repeats: [],
    seed: 0,
    ...(schedule as Schedule),
  };
}
