import type { SeededRandom } from "../../src/testing/simulation/faults/seeded-random.ts";

/**
 * How far clocks go astray, each way, in ms. What parks for an hour must not come due within a trial: a flow that waits to be cancelled would
 * end by itself.
 */
export const FARTHEST_MS = 25 * 60_000;

/** Sizes of jumps: as when a clock is corrected, when a machine sleeps or its clock is wrong, and in between. */
const LARGEST_MS = [400, 20_000, 2 * FARTHEST_MS, 2 * FARTHEST_MS];
const HOME = 0.2;

/** Chooses by how much a clock is ahead after its next jump, in ms: forward or back, and right again now and then. */
export function nextJump(random: SeededRandom, aheadMs: number): number {
  if (aheadMs !== 0 && random.chance(HOME)) return 0;
  const largest = LARGEST_MS[random.below(LARGEST_MS.length)] ?? 0;
  const size = 1 + random.below(largest);
  const next = aheadMs + (random.chance(0.5) ? size : -size);
  // What would go too far goes the other way: there is room.
  return Math.abs(next) <= FARTHEST_MS ? next : Math.sign(-next) * random.below(FARTHEST_MS);
}
