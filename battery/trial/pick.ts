import type { SeededRandom } from "../../src/testing/simulation/faults/seeded-random.ts";

/** Returns one of the things, each as likely as the others. */
export function pick<Thing>(random: SeededRandom, things: readonly Thing[]): Thing {
  return things[random.below(things.length)] as Thing;
}
