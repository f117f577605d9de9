import type { Entry } from "../ledger/entry.ts";

/** A process, and the instant (ms since the epoch) from which its store is no longer its own. */
interface Loss {
  readonly life: number;
  readonly at: number;
}

/**
 * Counts the operations that a process began after it had lost its store, and that were
 * acknowledged. A new operation needs a commit, so there must be none.
 */
export function lateAcknowledgements(entries: readonly Entry[], { life, at }: Loss): number {
  const begun = new Set<number>();
  const late = new Set<number>();
  let count = 0;
  for (const entry of entries) {
    if (entry.what === "intend") {
      if (entry.life === life && entry.at > at && !begun.has(entry.op)) late.add(entry.request);
      begun.add(entry.op);
    } else if (entry.what === "ack" && entry.life === life && late.has(entry.request)) count++;
  }
  return count;
}
