/**
 * The reason why a batch leaves: it is full (`count`, `bytes`), old (`wait`), followed by silence
 * (`gap`), or `flush` was called (`asked`).
 */
export type FlushReason = "count" | "bytes" | "wait" | "gap" | "asked";

/** Events of one key that have not left yet. */
export interface BatchBuffer {
  /** Unique name of this batch. */
  readonly id: string;
  readonly events: unknown[];
  /** Size of the events, as text. */
  bytes: number;
  /** Instants of the first and the last event. */
  readonly openedAt: number;
  lastAt: number;
}

/** A batch without its events. */
export interface BatchTotals extends Readonly<Omit<BatchBuffer, "events">> {
  readonly count: number;
}

/** The limits of a batch. Times are in ms. */
export interface FlushRules {
  readonly maxCount: number;
  readonly maxBytes: number;
  readonly maxWaitMs: number | undefined;
  readonly gapMs: number | undefined;
}

/** Returns the totals of a batch buffer. */
export function totalsOf({ id, events, bytes, openedAt, lastAt }: BatchBuffer): BatchTotals {
  return { id, count: events.length, bytes, openedAt, lastAt };
}

/** Returns the reason why a batch is full, or `undefined` if it is not. */
export function fullBatchReason(
  { count, bytes }: Pick<BatchTotals, "count" | "bytes">,
  { maxCount, maxBytes }: FlushRules,
): FlushReason | undefined {
  if (count >= maxCount) return "count";
  return bytes >= maxBytes ? "bytes" : undefined;
}

/**
 * Returns the instant at which a batch leaves if no other event arrives, and the reason. Returns
 * `undefined` if only its size counts.
 */
export function batchDueAt(
  { openedAt, lastAt }: Pick<BatchTotals, "openedAt" | "lastAt">,
  { maxWaitMs, gapMs }: FlushRules,
): { readonly at: number; readonly reason: FlushReason } | undefined {
  const wait =
    maxWaitMs === undefined ? undefined : { at: openedAt + maxWaitMs, reason: "wait" as const };
  const gap = gapMs === undefined ? undefined : { at: lastAt + gapMs, reason: "gap" as const };
  return wait === undefined || (gap !== undefined && gap.at < wait.at) ? gap : wait;
}
