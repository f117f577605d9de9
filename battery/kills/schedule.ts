import type { Said } from "../ledger/entry.ts";
import type { SeededRandom } from "../../src/testing/simulation/faults/seeded-random.ts";

/** How a process is ended: by which signals, and at which moment. */
export interface Ending {
  /** `SIGTERM` lets the engine drain; both: it is killed while it does. */
  readonly signal: "SIGKILL" | "SIGTERM" | "both";
  /** The moment: so long after the process said something (an intent, an effect...) for the `count`-th time. */
  readonly after: Said["what"];
  readonly count: number;
  readonly delayMs: number;
  /** Whether it ends a verification. */
  readonly verifies: boolean;
}

/** The moments at which a kill is worth trying, with how often they are chosen. */
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
  // As soon as it is open, when all that was left is done at once.
  { share: 2, choose: (random) => ({ after: "open", count: 1, delayMs: random.below(60) }) },
  // Right after a request was made: its commit gathers, or is under way.
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
  // Right after an answer: what was acknowledged is on the disk, and hardly so.
  {
    share: 3,
    choose: (random, busy) => ({ after: "ack", count: 1 + random.below(busy), delayMs: 0 }),
  },
  // While handlers run, before what they did is committed.
  {
    share: 3,
    choose: (random, busy) => ({ after: "effect", count: 1 + random.below(2 * busy), delayMs: 0 }),
  },
  {
    share: 1,
    choose: (random, busy) => ({ after: "open", count: 1, delayMs: random.below(3 * busy) }),
  },
];

/** Of so many endings one is a drain, which is cut short now and then. */
const DRAIN_PERIOD = 5;

/** Chooses how the processes of one trial end, one after the other, after `busy` requests at most. */
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
