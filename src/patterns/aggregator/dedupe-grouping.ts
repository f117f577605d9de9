/**
 * The number of groups in which names are kept, and the numbers in which names were kept that may
 * still count. A group is found by the name and this number, so a deploy that changes `dedupeMax`
 * moves names: until the window is over, each is looked for at its former place too.
 */
export interface DedupeGrouping {
  readonly count: number;
  /** When this was written. It is written again within each window, before it expires. */
  readonly at: number;
  readonly former: readonly (readonly [count: number, until: number])[];
}

/** Without a stored grouping, names may be in the single group of an aggregator with few names. */
const SINGLE: Pick<DedupeGrouping, "count" | "former"> = { count: 1, former: [] };

/** A stored grouping lives this many windows, so that it outlives each name it places. */
export const GROUPING_WINDOWS = 2;

/**
 * Returns the grouping to store: the same object if it is still right, and `undefined` for a single
 * group, which needs none.
 */
export function currentGrouping(
  stored: DedupeGrouping | undefined,
  count: number,
  { now, windowMs }: { readonly now: number; readonly windowMs: number },
): DedupeGrouping | undefined {
  if (count === 1) return undefined;
  const before = stored ?? SINGLE;
  const former = before.former.filter(([, until]) => until > now);
  if (before.count !== count)
    return { count, at: now, former: [[before.count, now + windowMs], ...former] };
  return stored !== undefined && now - stored.at < windowMs ? stored : { count, at: now, former };
}

/** Returns the numbers of groups in which a name may have been kept at an instant. */
export function formerCounts({ former }: DedupeGrouping, now: number): readonly number[] {
  return former.filter(([, until]) => until > now).map(([count]) => count);
}
