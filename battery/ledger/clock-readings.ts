import type { Entry } from "./entry.ts";

/**
 * A period in which a process had the store and its clock was not set. Instants by the machine's
 * clock.
 */
export interface Watch {
  readonly from: number;
  readonly to: number;
  readonly aheadMs: number;
  /** True if the previous period belongs to the same process. */
  readonly goesOn: boolean;
}

/** Readings of the clocks of processes, as far as a ledger shows them. */
export class ClockReadings {
  readonly watches: readonly Watch[];

  constructor(entries: readonly Entry[]) {
    this.watches = watchesOf(entries);
  }

  /**
   * Returns the earliest and the latest time that a process may have read between two instants of
   * the machine's clock.
   */
  between(from: number, to: number): { readonly earliest: number; readonly latest: number } {
    const overlaps = this.watches.filter((watch) => watch.from <= to && watch.to >= from);
    return {
      earliest: Math.min(...overlaps.map((watch) => Math.max(watch.from, from) + watch.aheadMs)),
      latest: Math.max(...overlaps.map((watch) => Math.min(watch.to, to) + watch.aheadMs)),
    };
  }
}

function watchesOf(entries: readonly Entry[]): readonly Watch[] {
  const watches: { -readonly [Name in keyof Watch]: Watch[Name] }[] = [];
  for (const { what, at, aheadMs = 0 } of entries) {
    const last = watches.at(-1);
    if (last?.to === Number.POSITIVE_INFINITY && (what === "clock" || what === "end")) last.to = at;
    if (what === "opening" || what === "clock")
      watches.push({ from: at, to: Number.POSITIVE_INFINITY, aheadMs, goesOn: what === "clock" });
  }
  return watches;
}
