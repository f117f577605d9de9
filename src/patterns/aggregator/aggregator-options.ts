import { readPatternName } from "../composing/pattern-name.ts";
import type { PatternName } from "../composing/pattern-name.ts";
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
import { dedupeGroups } from "./dedupe-window.ts";

/** A batch of an aggregator: events of one key, in the order of their arrival. */
export interface Batch<Event> {
  /** Unique name of this batch. It is the same for every attempt to send it. */
  readonly id: string;
  /** The id to which the events were added. */
  readonly key: string;
  readonly events: readonly Event[];
  readonly reason: FlushReason;
  /** Instants at which the first and the last event arrived, in ms since the epoch. */
  readonly openedAt: number;
  readonly lastAt: number;
}

/** Options of `aggregator`. */
export interface AggregatorOptions<Event> {
  /**
   * Receives each batch, in a one-way message: a function, an operation of a stateful function (at
   * the same id), or an egress type.
   */
  readonly flush: Destination<Batch<Event>>;
  /** Greatest number of events in a batch, from 1. Default: 1,000. */
  readonly maxCount?: number;
  /**
   * Greatest size of a batch in bytes, as UTF-8 text, from 1. Default: 1,048,576. A larger event
   * leaves alone.
   */
  readonly maxBytes?: number;
  /** Longest time that the first event of a batch waits. Default: no limit. */
  readonly maxWait?: Duration;
  /** Silence of a key after which its batch leaves. Default: a silence has no effect. */
  readonly gap?: Duration;
  /**
   * Returns the name of an event, 1 to 1,024 bytes. Another event of that name within `dedupeFor`
   * changes nothing.
   */
  readonly dedupeBy?: (event: Event) => string;
  /** Time for which an event is remembered after its arrival. Default: `"1h"`. */
  readonly dedupeFor?: Duration;
  /**
   * Greatest number of events remembered for each key, from 1. Default: 1,000. The oldest are
   * forgotten first. With more than 1,000, up to a quarter more may be remembered.
   */
  readonly dedupeMax?: number;
  /**
   * Returns when an event happened, in ms since the epoch. Needed to detect late events. All other
   * options use the time of arrival.
   */
  readonly timeOf?: (event: Event) => number;
  /** An event older than the newest event of its key by more than this is late. Default: 0. */
  readonly lateAfter?: Duration;
  /** Receives each late event. Default: it is dropped, and the caller's answer says so. */
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

/** The rules of an aggregator, made from its options. Times are in ms. */
export type AggregatorRules = ReturnType<typeof aggregatorRules>;

/**
 * Checks the options and makes the rules of an aggregator.
 *
 * @throws `INVALID_OPTIONS`, `INVALID_DELAY`, `INVALID_NAME`
 */
export function aggregatorRules(name: PatternName, options: Options<unknown>) {
  const { type, aliases } = readPatternName(name);
  const read = readOptions(type, OPTIONS, options);
  const { maxCount, maxBytes, maxWait, gap, dedupeFor, dedupeMax, lateAfter } = read;
  if (read.timeOf === undefined && (options.lateAfter !== undefined || read.onLate !== undefined)) {
    const expected = "a function, because lateAfter and onLate need it";
    throw invalidOption(`timeOf of ${type}`, expected, undefined);
  }
  const { groups, each } = dedupeGroups(dedupeMax);
  return {
    type,
    aliases,
    flush: read.flush,
    dedupeBy: read.dedupeBy,
    timeOf: read.timeOf,
    onLate: read.onLate,
    bounds: { maxCount, maxBytes, maxWaitMs: maxWait, gapMs: gap },
    window: { windowMs: dedupeFor, max: each },
    groups,
    lateAfterMs: lateAfter,
  };
}
