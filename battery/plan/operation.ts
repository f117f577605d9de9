import { SeededRandom } from "../../src/testing/simulation/faults/seeded-random.ts";

/** Something a client does, made of a few requests; all about it follows from the seed and its number. */
export interface Operation {
  readonly number: number;
  /** Key of its flow. */
  readonly key: string;
  /** Which kind of object it is done with, as a number to be divided by how many there are. */
  readonly lot: number;
  /** Whether its start is sent again when there was no answer; else it stays as it is, begun or not. */
  readonly resends: boolean;
  /** Whether its start is sent again although it was acknowledged, as by a client that forgot. */
  readonly asksAgain: boolean;
  /** Of what else there is to decide. */
  readonly seed: number;
}

/** The operation of a number. */
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

/** Decisions about an operation: the same ones, in the same order, wherever they are asked for. */
export function diceOf({ seed }: Operation): SeededRandom {
  return new SeededRandom(seed);
}
