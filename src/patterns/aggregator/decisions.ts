/**
 * The decisions of an aggregator, as pure functions: they take the totals of a batch, the rules and
 * the instant, and return the next totals and the effects to carry out. They never see the events,
 * so their cost does not grow with the batch.
 *
 * AG1 A batch that was due before an event arrived leaves without it. A late timer merges nothing.
 * AG2 A batch has one timer. Later events do not set it again: it looks again when it fires.
 */
import { batchDueAt, fullBatchReason } from "./batch-buffer.ts";
import type { BatchTotals, FlushReason, FlushRules } from "./batch-buffer.ts";

/** A new event: its size, and the name of the batch that it opens if there is none. */
export interface AddStep {
  readonly bytes: number;
  readonly batchId: string;
}

/** The result of adding an event. */
export interface AddChange {
  /** Why the batch so far leaves before the event is added. Absent if it does not. */
  readonly flushBefore?: FlushReason;
  /** Totals of the batch that has the event. */
  readonly batch: BatchTotals;
  /** Why that batch leaves at once. Absent if it does not. */
  readonly flushAfter?: FlushReason;
  /** Instant for the batch's timer. Absent if it needs none, or already has it. */
  readonly timerAt?: number;
}

/** Decides which batch an event goes into, and which batches leave. */
export function addEvent(
  open: BatchTotals | undefined,
  { bytes, batchId }: AddStep,
  rules: FlushRules,
  now: number,
): AddChange {
  const flushBefore = open && (dueReason(open, rules, now) ?? overflowReason(open, bytes, rules));
  const before =
    open === undefined || flushBefore !== undefined
      ? { id: batchId, count: 0, bytes: 0, openedAt: now }
      : open;
  const batch: BatchTotals = {
    ...before,
    count: before.count + 1,
    bytes: before.bytes + bytes,
    lastAt: now,
  };
  const flushAfter = fullBatchReason(batch, rules);
  const timerAt =
    flushAfter === undefined && batch.count === 1 ? batchDueAt(batch, rules)?.at : undefined;
  return {
    batch,
    ...(flushBefore !== undefined && { flushBefore }),
    ...(flushAfter !== undefined && { flushAfter }),
    ...(timerAt !== undefined && { timerAt }),
  };
}

/** The result of a timer: the batch leaves, the timer is set again, or nothing happens. */
export type TimerChange =
  | { readonly flush: FlushReason }
  | { readonly timerAt: number | undefined }
  | undefined;

/**
 * Decides what a timer does. It does nothing if its batch has left, and waits on if the batch has
 * had more events since.
 */
export function wakeBatch(
  open: BatchTotals | undefined,
  batchId: string,
  rules: FlushRules,
  now: number,
): TimerChange {
  if (open?.id !== batchId) return undefined;
  const flush = dueReason(open, rules, now);
  return flush === undefined ? { timerAt: batchDueAt(open, rules)?.at } : { flush };
}

/** The result of checking the time of an event. */
export interface TimeChange {
  readonly isLate: boolean;
  /** Time of the newest event so far, in ms since the epoch. */
  readonly newestAt: number;
}

/** Decides if an event is late: older than the newest event by more than `lateAfterMs`. */
export function checkEventTime(
  newestAt: number | undefined,
  at: number,
  { lateAfterMs }: { readonly lateAfterMs: number },
): TimeChange {
  const newest = newestAt ?? at;
  return { isLate: at < newest - lateAfterMs, newestAt: Math.max(at, newest) };
}

function dueReason(open: BatchTotals, rules: FlushRules, now: number): FlushReason | undefined {
  const due = batchDueAt(open, rules);
  return due === undefined || now < due.at ? undefined : due.reason;
}

function overflowReason(
  open: BatchTotals,
  bytes: number,
  { maxBytes }: FlushRules,
): FlushReason | undefined {
  return open.bytes + bytes > maxBytes ? "bytes" : undefined;
}
