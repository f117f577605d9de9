/** A growing delay. */
export interface Backoff {
  readonly firstMs: number;
  /** Factor between one delay and the next, from 1. */
  readonly factor: number;
  readonly maxMs: number;
  /** Share, from 0 to 1, by which a delay may be shortened at random. */
  readonly jitter: number;
}

/** The longest delay, about a hundred years. */
const LONGEST_MS = 3.2e12;

/**
 * Returns the delay after the `count`th attempt, from 1, in ms. Uses `random` only if there is
 * jitter.
 */
export function backoffDelay(
  count: number,
  { firstMs, factor, maxMs, jitter }: Backoff,
  random: () => number,
): number {
  if (firstMs === 0) return 0;
  const whole = Math.min(firstMs * factor ** (count - 1), maxMs, LONGEST_MS);
  return Math.ceil(jitter === 0 ? whole : whole * (1 - jitter * random()));
}
