import type { Said } from "../ledger/entry.ts";
import type { SeededRandom } from "../../src/testing/simulation/faults/seeded-random.ts";

/** The plan for the end of a process: its signals, and the moment. */
export interface Ending {
  /** `SIGTERM` lets the engine drain. `both` kills it during the drain. */
  readonly signal: "SIGKILL" | "SIGTERM" | "both";
  /**
   * The moment: `delayMs` after the process has reported this event (an intent, an effect...) for
   * the `count`-th time.
   */
  readonly after: Said["what"];
  readonly count: number;
  readonly delayMs: number;
  /** True if it ends a verification. */
  readonly verifies: boolean;
}

/** Moments that are worth a kill, with their shares. */
const MOMENTS: readonly {
  readonly share: number;
  readonly choose: (
    random: SeededRandom,
    busy: number,
  ) => Pick<Ending, "after" | "count" | "delayMs">;
}[] = [
  // While it loads, and while it recovers.
  { share: 1, choose: (random) => ({ after: "hello", count: 1, delayMs: random.below(30) }) },
  { share: 2, choose: (random) => ({ after: "opening", count: 1, delayMs: random.below(40) }) },
  // Just after opening, when all pending work runs at once.
  { share: 2, choose: (random) => ({ after: "open", count: 1, delayMs: random.below(60) }) },
  // Just after a request: its commit gathers, or is under way.
  {
    share: 5,
    choose: (random, busy) => ({ after: "intend", count: 1 + random.below(busy), delayMs: 0 }),
  },
  {
    share: 2,
    choose: (random, busy) => ({
      after: "intend",
      count: 1 + random.below(busy),
      delayMs: 1 + random.below(4),
    }),
  },
  // Just after an answer: acknowledged work has only just reached the disk.
  {
    share: 3,
    choose: (random, busy) => ({ after: "ack", count: 1 + random.below(busy), delayMs: 0 }),
  },
  // While handlers run, before their effects are committed.
  {
    share: 3,
    choose: (random, busy) => ({ after: "effect", count: 1 + random.below(2 * busy), delayMs: 0 }),
  },
  {
    share: 1,
    choose: (random, busy) => ({ after: "open", count: 1, delayMs: random.below(3 * busy) }),
  },
];

/** One in this many endings is a drain, which is sometimes cut short. */
const DRAIN_PERIOD = 5;

/** Chooses the endings of the processes of one trial, each after `busy` requests at most. */
export function scheduleEndings(
  random: SeededRandom,
  { count, busy }: { count: number; busy: number },
): readonly Ending[] {
  const first = random.below(DRAIN_PERIOD);
  return Array.from({ length: count }, (_, index) => {
    const moment = chooseMoment(random, busy);
    const isDrain = index % DRAIN_PERIOD === first;
    const signal = !isDrain ? "SIGKILL" : random.chance(0.75) ? "SIGTERM" : "both";
    return { ...moment, signal, verifies: !isDrain && random.chance(0.1) };
  });
}

function chooseMoment(
  random: SeededRandom,
  busy: number,
): Pick<Ending, "after" | "count" | "delayMs"> {
  let left = random.below(MOMENTS.reduce((sum, { share }) => sum + share, 0));
  const chosen = MOMENTS.find(({ share }) => (left -= share) < 0);
  if (chosen === undefined) throw new Error("there are no moments");
  return chosen.choose(random, busy);
}
