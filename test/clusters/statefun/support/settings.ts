import { busySlack } from "../../support/busy-slack.ts";

/** A setting of the cluster, and the failures in it. */
export interface Setting {
  readonly name: string;
  readonly seed: number;
  readonly parallelism: number;
  readonly maxBatch: number;
  /** Clients come in and out through a Kafka broker. Default: over HTTP. */
  readonly isThroughKafka?: boolean;
  /** Share of the answers that never arrive. */
  readonly lost?: number;
  /** Time between two failures of tasks, in ms. */
  readonly failEveryMs?: number;
  /** Time between two kills, in turn of the functions' server and of the cluster, in ms. */
  readonly killEveryMs?: number;
  /** Factor for the times in the conformance suite. */
  readonly slack: number;
  /** Number of tests at once. The longer the times, the more of a test is waiting. */
  readonly atOnce: number;
}

const SMALL = { parallelism: 1, maxBatch: 5, seed: 1 };
const LARGE = { parallelism: 4, maxBatch: 1_000, seed: 2 };
const NARROW = { parallelism: 1, maxBatch: 1_000, seed: 2 };
const WIDE = { parallelism: 4, maxBatch: 5, seed: 1 };

/** Nothing fails; a checkpoint and the first request of a function may take a second. */
const CALM = { slack: 8, atOnce: 24 };
/** An answer that is lost is asked for again after a while, and again. */
const LOSING = { lost: 0.2, slack: 12, atOnce: 24 };
/** A job needs about a second to start again. */
const FAILING = { failEveryMs: 3_000, slack: 24, atOnce: 24 };
/** A killed cluster needs about ten seconds to start again. */
const KILLING = { killEveryMs: 45_000, slack: 80, atOnce: 64 };

/** The settings that every run tests. */
const CHOSEN: readonly Setting[] = [named({ ...SMALL, ...LOSING }), named({ ...LARGE, ...CALM })];

const OTHERS: readonly Setting[] = [
  named({ ...SMALL, ...CALM }),
  named({ ...NARROW, ...CALM }),
  named({ ...WIDE, ...CALM }),
  named({ ...LARGE, ...LOSING }),
  named({ ...LARGE, ...LOSING, isThroughKafka: true }),
  named({ ...SMALL, ...FAILING }),
  named({ ...LARGE, ...FAILING }),
  named({ ...NARROW, ...KILLING }),
  named({ ...WIDE, ...KILLING }),
];

/**
 * Returns the settings to test. `STATEFUN_SETTINGS` is `all`, or words of the names of settings.
 * Default: two of them.
 */
export function chosenSettings(): readonly Setting[] {
  const words = process.env["STATEFUN_SETTINGS"];
  if (words === undefined) return CHOSEN;
  const all = [...CHOSEN, ...OTHERS];
  return words === "all" ? all : all.filter(({ name }) => name.includes(words));
}

function named(setting: Omit<Setting, "name">): Setting {
  const { parallelism, maxBatch, seed, isThroughKafka, lost, failEveryMs, killEveryMs } = setting;
  const failures = [
    lost === undefined ? [] : [`${100 * lost} % of the answers lost`],
    failEveryMs === undefined ? [] : [`a task fails every ${failEveryMs / 1_000} s`],
    killEveryMs === undefined ? [] : [`a kill every ${killEveryMs / 1_000} s`],
  ].flat();
  const size = `parallelism ${parallelism}, max-batch ${maxBatch}, seed ${seed}`;
  const way = isThroughKafka === true ? ", through Kafka" : "";
  const what = failures.length === 0 ? "nothing fails" : failures.join(", ");
  return { ...setting, slack: busySlack(setting.slack), name: `${size}${way}, ${what}` };
}
