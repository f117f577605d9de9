import type { Tally } from "./tally.ts";

/** A way to stress a store. */
export interface Trial {
  /** Name for `--only`; one word. */
  readonly name: string;
  readonly about: string;
  /**
   * True if it runs once, for a long time, before the others take turns. A short run leaves it out
   * unless it is named.
   */
  readonly isLong?: boolean;
  /** Turns in a round; default 1. */
  readonly share?: number;
  /** Its counts in the report. */
  readonly rows: readonly Row[];
  /** The reason why it cannot run on this machine, in a few words; `undefined` if it can. */
  readonly missing: () => Promise<string | undefined>;
  /** Runs for 10 to 60 s, or until the end if it is long, and judges. Writes only to its folder. */
  readonly run: (ground: Ground) => Promise<void>;
}

/** A row of the report: a count by `tally.add`, or a largest measurement by `tally.reach`. */
export type Row =
  | { readonly count: string; readonly label: string }
  | { readonly peak: string; readonly unit: string; readonly label: string };

/** The setup of a trial. */
export interface Ground {
  /** Seed of all random choices, except the scheduling of processes. */
  readonly seed: number;
  /** Its own empty folder. */
  readonly folder: string;
  /** Instant (ms since the epoch) at which it should end. */
  readonly until: number;
  readonly tally: Tally;
}
