/** The ways in which a message ends the process that handles it. */
export const WAYS = ["is killed", "exits", "fails where nobody listens"] as const;

/** A message of which the process dies whenever it is handled. */
export interface Poison {
  readonly name: string;
  readonly way: (typeof WAYS)[number];
  /** Whether nobody waits for what becomes of it. */
  readonly isOneWay: boolean;
}

/** What a process is told to do with poison, beside its work. */
export interface Poisoning {
  readonly poisons: readonly Poison[];
  /** Names of innocent messages around them, whose handlers take their time. */
  readonly toils: readonly string[];
  readonly toilMs: number;
  /** How long after the store was opened these are sent, in ms. */
  readonly afterMs: number;
  /** Calls to other addresses per second, whose answers are timed. */
  readonly probes: number;
  /** Whether the engine looks for it, so that there are suspects after a death. */
  readonly isSought: boolean;
  /** Whether dead letters are sent again. */
  readonly redrives: boolean;
}

/** A dead letter, as a process saw it. */
export interface Letter {
  readonly id: string;
  readonly input: unknown;
  readonly code: string | undefined;
  readonly crashes: unknown;
}

/** In the environment of a process in which the poison has lost its effect. */
export const MENDED = "HANDBACK_BATTERY_MENDED";
