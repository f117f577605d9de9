import {
  callback,
  durationMs,
  invalidOption,
  optional,
  readOptions,
  wholeNumber,
  withDefault,
} from "../../core/validation/options.ts";
import type { OptionTable } from "../../core/validation/options.ts";
import type { Duration } from "../../core/validation/duration.ts";
import type { FlushReason } from "./batch-buffer.ts";
import { destination } from "../composing/option-checks.ts";
import type { Destination } from "../composing/destination.ts";
import { seenGroups } from "./dedupe-window.ts";

/** What leaves an aggregator: the events that came for one key, in the order in which they came. */
export interface Batch<Event> {
  /** Names this batch; the same for every attempt to flush it. */
  readonly id: string;
  /** The id that the events were added under. */
  readonly key: string;
  readonly events: readonly Event[];
  readonly reason: FlushReason;
  /** When the first and the last of the events came, in ms since the epoch. */
  readonly openedAt: number;
  readonly lastAt: number;
}

/** When an aggregator flushes, what it drops, and where its batches go. */
export interface AggregatorOptions<Event> {
  /** Gets each batch, by a one-way message: a function, an operation of a stateful one (at the same id), or an egress. */
  readonly flush: Destination<Batch<Event>>;
  /** Events that leave together at most, from 1; default 1,000. */
  readonly maxCount?: number;
  /** Bytes of events, as text in UTF-8, that leave together at most, from 1; default 1,048,576. An event that is larger leaves alone. */
  readonly maxBytes?: number;
  /** How long the first event of a batch waits at most; default: as long as it takes. */
  readonly maxWait?: Duration;
  /** How long a key must be silent for its batch to leave; default: that counts for nothing. */
  readonly gap?: Duration;
  /** Names an event, 1 to 1,024 bytes: another of that name within `dedupeFor` changes nothing. */
  readonly dedupeBy?: (event: Event) => string;
  /** How long an event is remembered after it has come; default `"1h"`. */
  readonly dedupeFor?: Duration;
  /** Events that are remembered for each key at most, from 1: the oldest are forgotten first. Of more than 1,000, up to a quarter more may be remembered. Default 1,000. */
  readonly dedupeMax?: number;
  /** When an event happened, in ms since the epoch. Needed to tell which are late; all else goes by when they come. */
  readonly timeOf?: (event: Event) => number;
  /** How much older than the newest event of its key an event may be, before it is late; default 0. */
  readonly lateAfter?: Duration;
  /** Gets each late event; default: late events are dropped, and whoever called is told. */
  readonly onLate?: Destination<Event>;
}

type Options<Event> = AggregatorOptions<Event>;

const OPTIONS = {
  flush: destination<Batch<unknown>>(),
  maxCount: withDefault(1_000, wholeNumber({ from: 1 })),
  maxBytes: withDefault(1_048_576, wholeNumber({ from: 1 })),
  maxWait: optional(durationMs()),
  gap: optional(durationMs()),
  dedupeBy: optional(callback<NonNullable<Options<unknown>["dedupeBy"]>>()),
  dedupeFor: withDefault("1h", durationMs()),
  dedupeMax: withDefault(1_000, wholeNumber({ from: 1 })),
  timeOf: optional(callback<NonNullable<Options<unknown>["timeOf"]>>()),
  lateAfter: withDefault(0, durationMs()),
  onLate: optional(destination<unknown>()),
} satisfies OptionTable<Options<unknown>>;

/** Checks the options and makes the rules of an aggregator. @throws `INVALID_OPTIONS`, `INVALID_DELAY`, `INVALID_NAME` */
export function aggregatorRules(type: string, options: Options<unknown>) {
  const read = readOptions(type, OPTIONS, options);
  const { maxCount, maxBytes, maxWait, gap, dedupeFor, dedupeMax, lateAfter } = read;
  if (read.timeOf === undefined && (options.lateAfter !== undefined || read.onLate !== undefined)) {
    const expected = "a function, because lateAfter and onLate need it";
    throw invalidOption(`timeOf of ${type}`, expected, undefined);
  }
  const { groups, each } = seenGroups(dedupeMax);
  return {
    bounds: { maxCount, maxBytes, maxWaitMs: maxWait, gapMs: gap },
    window: { windowMs: dedupeFor, max: each },
    groups,
    lateAfterMs: lateAfter,
  };
}
