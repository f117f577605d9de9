import type { Tally } from "./tally.ts";

/** A way to make trouble. */
export interface Trial {
  /** Told by `--only`; one word. */
  readonly name: string;
  readonly about: string;
  /** Whether it is held once, at length, before the others take turns. A short run leaves it out, unless it is named. */
  readonly isLong?: boolean;
  /** Turns in a round; default 1. */
  readonly share?: number;
  /** What it counts, for the report. */
  readonly rows: readonly Row[];
  /** Why it cannot be run on this machine, in a few words; `undefined` when it can. */
  readonly missing: () => Promise<string | undefined>;
  /** Makes trouble for 10 to 60 s, or until the end if it is long, and judges. Leaves nothing behind but what is in its folder. */
  readonly run: (ground: Ground) => Promise<void>;
}

/** A row of the report: what was counted, as `tally.add` knows it, or the largest of what was measured, as `tally.reach` does. */
export type Row =
  | { readonly count: string; readonly label: string }
  | { readonly peak: string; readonly unit: string; readonly label: string };

/** Where a trial is held. */
export interface Ground {
  /** All that is left to chance follows from it, but for the scheduling of processes. */
  readonly seed: number;
  /** A folder of its own, empty. */
  readonly folder: string;
  /** Instant (ms since the epoch) at which it is to come to an end. */
  readonly until: number;
  readonly tally: Tally;
}
