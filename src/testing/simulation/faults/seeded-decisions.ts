import { CRASH_MODES } from "./crash.ts";
import type { Decisions, Fate } from "./decisions.ts";
import type { Faults } from "./faults.ts";
import { SeededRandom } from "./seeded-random.ts";

const SLOWEST_COMMIT_MS = 50;
const LONGEST_DOWNTIME_MS = 1_000;
const MAX_CRASHES = 10;

/** Decides by chance that follows from a seed. Each kind of decision has chance of its own, so that one fault leaves the others as they were. */
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

  /** Draws in any case, so that what happens later does not depend on how many crashes there were. */
  #happens(probability: number): boolean {
    const happens = this.#crashes.chance(probability) && this.#crashesLeft > 0;
    if (happens) this.#crashesLeft--;
    return happens;
  }
}

type Streams = [SeededRandom, SeededRandom, SeededRandom, SeededRandom];

/** Random numbers of a seed; each stream has others. */
export function seededStream(seed: number, stream: number): SeededRandom {
  return new SeededRandom(
    Math.imul(seed ^ Math.imul(stream, 0x9e3779b1), 0x85ebca6b) ^ (seed >>> 13),
  );
}
