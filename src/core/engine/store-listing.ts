import type { DeadLetter } from "../activation/effects.ts";

/** A question for some states of a function. */
export interface StateQuery {
  /** Type of the function. */
  readonly type: string;
  /** Text with which their ids begin. */
  readonly idPrefix: string;
  /** Largest number of ids to return. */
  readonly limit: number;
  /** The id from which to go on; absent: the first one. */
  readonly after?: string | undefined;
}

/** Ids of states in their order, and the one from which the next page goes on. */
export interface StatePage {
  /** Some may belong to states that have expired. */
  readonly ids: readonly string[];
  /** `undefined` after the last id. */
  readonly next: string | undefined;
}

/** A question for some dead letters. */
export interface DeadLetterQuery {
  /** Largest number of letters to return. */
  readonly limit: number;
  /** The place from which to go on; absent: the oldest letter. */
  readonly after?: number | undefined;
}

/** A dead letter, and its place among the others. A later one has a higher place. */
export interface ListedDeadLetter extends DeadLetter {
  /** Instant (ms) at which the message became a dead letter. */
  readonly at: number;
  readonly place: number;
}

/** Some dead letters, the oldest first, and the place from which the next page goes on. */
export interface DeadLetterPage {
  readonly letters: readonly ListedDeadLetter[];
  /** `undefined` after the last letter. */
  readonly next: number | undefined;
}

/** Lists states and dead letters of a store (capability `storeListing`). */
export interface StoreListing {
  /** Reads ids of states, as of one instant. */
  states(query: StateQuery): Promise<StatePage>;
  /** Reads dead letters, as of one instant. */
  deadLetters(query: DeadLetterQuery): Promise<DeadLetterPage>;
}
