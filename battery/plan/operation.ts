import { SeededRandom } from "../../src/testing/simulation/faults/seeded-random.ts";

/**
 * A task of a client, made of a few requests. Everything about it follows from the seed and its
 * number.
 */
export interface Operation {
  readonly number: number;
  /** Key of its flow. */
  readonly key: string;
  /** Number that selects its kind of object, modulo the number of kinds. */
  readonly lot: number;
  /** True if a start without an answer is sent again. Otherwise it stays as it is, begun or not. */
  readonly resends: boolean;
  /** True if an acknowledged start is sent again, as by a forgetful client. */
  readonly asksAgain: boolean;
  /** Seed of all other decisions. */
  readonly seed: number;
}

/** Returns the operation with a number. */
export function operationOf(seed: number, number: number): Operation {
  const random = new SeededRandom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b));
  return {
    number,
    key: `op-${number}`,
    lot: random.below(2 ** 30),
    resends: random.chance(0.75),
    asksAgain: random.chance(0.5),
    seed: random.below(2 ** 31),
  };
}

/**
 * Returns the random decisions of an operation: the same ones, in the same order, in every process.
 */
export function diceOf({ seed }: Operation): SeededRandom {
  return new SeededRandom(seed);
}
