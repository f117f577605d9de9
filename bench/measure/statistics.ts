/** Returns the middle value, or the mean of the two middle values. `NaN` for none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted(ascending);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

/** Returns the value that `share` (0 to 1) of the values do not exceed. `NaN` for none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted(ascending);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

function ascending(one: number, other: number): number {
  return one - other;
}
