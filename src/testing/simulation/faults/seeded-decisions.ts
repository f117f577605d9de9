import { CRASH_MODES } from "./crash.ts";
import type { Decisions, Fate } from "./decisions.ts";
import type { Faults } from "./faults.ts";
import { SeededRandom } from "./seeded-random.ts";

const SLOWEST_COMMIT_MS = 50;
const LONGEST_DOWNTIME_MS = 1_000;
const MAX_CRASHES = 10;

/**
 * Decides at random, from a seed. Each kind of decision has its own stream of random numbers, so
 * one fault does not change the others.
 */
export class SeededDecisions implements Decisions {
  readonly #faults: Faults;
  readonly #order: SeededRandom;
  readonly #commits: SeededRandom;
  readonly #crashes: SeededRandom;
  readonly #requests: SeededRandom;
  #crashesLeft: number;

  constructor(seed: number, faults: Faults) {
    this.#faults = faults;
    this.#crashesLeft = faults.maxCrashes ?? MAX_CRASHES;
    [this.#order, this.#commits, this.#crashes, this.#requests] = [1, 2, 3, 4].map((stream) =>
      seededStream(seed, stream),
    ) as Streams;
  }

  choose(count: number): number {
    return this.#faults.reorder === true ? this.#order.below(count) : 0;
  }

  commit(): Fate {
    const { slowCommit = false, crash = 0, redeliver = 0 } = this.#faults;
    const fate = slowCommit
      ? {
          takesMs: this.#commits.below(SLOWEST_COMMIT_MS + 1),
          seenEarly: this.#commits.chance(0.5),
        }
      : { takesMs: 0, seenEarly: false };
    if (this.#happens(crash))
      return { ...fate, crash: CRASH_MODES[this.#crashes.below(CRASH_MODES.length)] ?? "before" };
    return this.#happens(redeliver) ? { ...fate, crash: "before" } : fate;
  }

  crashesAtStart(): boolean {
    return this.#happens(this.#faults.crash ?? 0);
  }

  downtimeMs(): number {
    return this.#crashes.below(LONGEST_DOWNTIME_MS);
  }

  repeats(): boolean {
    return this.#requests.chance(this.#faults.redeliver ?? 0);
  }

  /** Always draws a number, so that later decisions do not depend on the number of crashes. */
  #happens(probability: number): boolean {
    const happens = this.#crashes.chance(probability) && this.#crashesLeft > 0;
    if (happens) this.#crashesLeft--;
    return happens;
  }
}

type Streams = [SeededRandom, SeededRandom, SeededRandom, SeededRandom];

/** Random numbers of a seed. Each stream gives different numbers. */
export function seededStream(seed: number, stream: number): SeededRandom {
  return new SeededRandom(
    Math.imul(seed ^ Math.imul(stream, 0x9e3779b1), 0x85ebca6b) ^ (seed >>> 13),
  );
}
