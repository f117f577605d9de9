import type { Clock } from "../host/clock.ts";
import type { MessageId } from "../message/message-id.ts";
import { FLOW_DIGITS } from "../message/message-id.ts";

/** One finished run of a handler, in integer nanoseconds. */
export interface Run {
  readonly billedNs: number;
  /** The part of `billedNs` spent blocked: the union of the intervals of its gets. */
  readonly blockedNs: number;
  readonly failed: boolean;
}

/**
 * Usage summed over the runs of a flow. It travels with the continuation: a tail call adds, a join
 * sums, the flow's record stores it. It is a list because every message carries it.
 *
 * - `parkedMs`: sum over runs of the time from the handler's end to the settlement of its result;
 * - `high`, `low`: the exclusive or of the marks of all messages sent and all messages run. A
 * message counts once when it is sent and once when it has run, so both are zero exactly when all
 * runs are in, in any order of arrival (source: Apache Storm's acker).
 */
export type UsageTotals = readonly [
  runs: number,
  billedNs: number,
  blockedNs: number,
  parkedMs: number,
  high: number,
  low: number,
];

/** No usage. */
export const NO_USAGE: UsageTotals = [0, 0, 0, 0, 0, 0];

/** Adds two totals. */
export function addUsage(a: UsageTotals, b: UsageTotals): UsageTotals {
  if (a === NO_USAGE) return b;
  if (b === NO_USAGE) return a;
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3], a[4] ^ b[4], a[5] ^ b[5]];
}

/** Returns the usage of one run, without marks. */
export function usageOfRun({ billedNs, blockedNs }: Run): UsageTotals {
  return [1, billedNs, blockedNs, 0, 0, 0];
}

/** Returns the usage of one run with the marks of messages: its own, and those that it sends. */
export function usageOfRunWith(run: Run, ids: readonly MessageId[]): UsageTotals {
  let high = 0;
  let low = 0;
  for (const id of ids) {
    high ^= highOf(id);
    low ^= lowOf(id);
  }
  return [1, run.billedNs, run.blockedNs, 0, high, low];
}

/** Returns the usage of runs that crashed the process. Their duration is unknown. */
export function usageOfCrashes(runs: number): UsageTotals {
  return [runs, 0, 0, 0, 0, 0];
}

/** Returns the usage of parked time. */
export function usageOfParking(parkedMs: number): UsageTotals {
  return [0, 0, 0, parkedMs, 0, 0];
}

/**
 * Returns the mark of one message. It counts when the message is sent and when it has run, which
 * cancel out.
 */
export function markOfMessage(id: MessageId): UsageTotals {
  return [0, 0, 0, 0, highOf(id), lowOf(id)];
}

function highOf(id: MessageId): number {
  return readWord(id, FLOW_DIGITS) ^ ROOT_MARK;
}

function lowOf(id: MessageId): number {
  return readWord(id, FLOW_DIGITS + WORD_DIGITS);
}

const WORD_DIGITS = 8;
const [ZERO, NINE, LETTERS] = [0x30, 0x39, 0x57];

/** Reads 32 bits of hex digits. Parsing a slice of the text takes twice as long. */
function readWord(id: MessageId, start: number): number {
  let word = 0;
  for (let at = start; at < start + WORD_DIGITS; at++) {
    const unit = id.charCodeAt(at);
    word = (word << 4) | (unit - (unit <= NINE ? ZERO : LETTERS));
  }
  return word;
}

/** Keeps the mark of a flow's first message, whose hash is all zeros, from being zero. */
const ROOT_MARK = 0x5bd1e995;

/** Tells whether every message that was sent has run and is counted. */
export function isUsageComplete(tally: UsageTotals): boolean {
  return tally[4] === 0 && tally[5] === 0;
}

/** Measures one run: its duration, and the union of the intervals in which it was blocked. */
export class Stopwatch {
  readonly #clock: Clock;
  readonly #startNs: number;
  #blockedNs = 0;
  #blockedSinceNs = 0;
  #gets = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startNs = clock.monotonicNs();
  }

  block(): void {
    if (this.#gets++ === 0) this.#blockedSinceNs = this.#clock.monotonicNs();
  }

  unblock(): void {
    if (--this.#gets === 0) this.#blockedNs += this.#clock.monotonicNs() - this.#blockedSinceNs;
  }

  stop(failed: boolean): Run {
    const endNs = this.#clock.monotonicNs();
    const blockedNs = this.#blockedNs + (this.#gets > 0 ? endNs - this.#blockedSinceNs : 0);
    return { billedNs: endNs - this.#startNs, blockedNs, failed };
  }
}
