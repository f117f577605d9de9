import type { SeededRandom } from "../../src/testing/simulation/faults/seeded-random.ts";

/**
 * Largest deviation of clocks in each direction, in ms. Work parked for an hour must not become due
 * within a trial: a flow that waits for its cancellation would end by itself.
 */
export const FARTHEST_MS = 25 * 60_000;

/** Sizes of jumps: a correction, a sleeping machine, a wrong clock, and sizes in between. */
const LARGEST_MS = [400, 20_000, 2 * FARTHEST_MS, 2 * FARTHEST_MS];
const HOME = 0.2;

/**
 * Chooses the deviation of a clock after its next jump, in ms: forward or back, and sometimes right
 * again.
 */
export function nextJump(random: SeededRandom, aheadMs: number): number {
  if (aheadMs !== 0 && random.chance(HOME)) return 0;
  const largest = LARGEST_MS[random.below(LARGEST_MS.length)] ?? 0;
  const size = 1 + random.below(largest);
  const next = aheadMs + (random.chance(0.5) ? size : -size);
  // A jump that would go too far goes the other way.
  return Math.abs(next) <= FARTHEST_MS ? next : Math.sign(-next) * random.below(FARTHEST_MS);
}
