/** Why a batch left: it was full, old, followed by silence, or somebody asked for it. */
export type FlushReason = "count" | "bytes" | "wait" | "gap" | "asked";

/** Events that have come for one key and not yet left. */
export interface Gathered {
  /** Names this batch among those of its key, and all others. */
  readonly id: string;
  readonly events: unknown[];
  /** Size of the events, as text. */
  bytes: number;
  /** When the first and the last of the events came. */
  readonly openedAt: number;
  lastAt: number;
}

/** When batches leave; times in ms. */
export interface Bounds {
  readonly maxCount: number;
  readonly maxBytes: number;
  readonly maxWaitMs: number | undefined;
  readonly gapMs: number | undefined;
}

/** Whether what is gathered must leave at once. */
export function fullness(
  { events, bytes }: Gathered,
  { maxCount, maxBytes }: Bounds,
): FlushReason | undefined {
  if (events.length >= maxCount) return "count";
  return bytes >= maxBytes ? "bytes" : undefined;
}

/** The instant at which what is gathered must leave if nothing else comes, and why; none when only its size counts. */
export function dueAt(
  { openedAt, lastAt }: Gathered,
  { maxWaitMs, gapMs }: Bounds,
): { readonly at: number; readonly reason: FlushReason } | undefined {
  const wait =
    maxWaitMs === undefined ? undefined : { at: openedAt + maxWaitMs, reason: "wait" as const };
  const gap = gapMs === undefined ? undefined : { at: lastAt + gapMs, reason: "gap" as const };
  return wait === undefined || (gap !== undefined && gap.at < wait.at) ? gap : wait;
}
