/** Ways in which a message crashes the process that handles it. */
export const WAYS = ["is killed", "exits", "fails where nobody listens"] as const;

/** A message that crashes the process whenever it is handled. */
export interface Poison {
  readonly name: string;
  readonly way: (typeof WAYS)[number];
  /** True if its outcome is not awaited. */
  readonly isOneWay: boolean;
}

/** Orders about poison, beside the work. */
export interface Poisoning {
  readonly poisons: readonly Poison[];
  /** Names of innocent messages around it, with slow handlers. */
  readonly toils: readonly string[];
  readonly toilMs: number;
  /** Delay after the opening of the store before these are sent, in ms. */
  readonly afterMs: number;
  /** Timed calls to other addresses per second. */
  readonly probes: number;
  /** True if poison detection is on, so that there are suspects after a crash. */
  readonly isSought: boolean;
  /** True if dead letters are sent again. */
  readonly redrives: boolean;
}

/** A dead letter, as a process saw it. */
export interface Letter {
  readonly id: string;
  readonly input: unknown;
  readonly code: string | undefined;
  readonly crashes: unknown;
}

/** Environment variable of a process in which the poison is fixed. */
export const MENDED = "HANDBACK_BATTERY_MENDED";
