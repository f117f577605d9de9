/** How pauses grow. */
export interface Pauses {
  readonly firstMs: number;
  /** What each pause is multiplied by for the next, from 1. */
  readonly factor: number;
  readonly maxMs: number;
  /** Share, from 0 to 1, by which a pause is shortened at most. */
  readonly jitter: number;
}

/** The longest pause that is of any use: about a hundred years. */
export const LONGEST_MS = 3.2e12;

/** The pause after the `count`th of something, from 1, in ms; `random` is asked only when there is jitter. */
export function pauseAfter(
  count: number,
  { firstMs, factor, maxMs, jitter }: Pauses,
  random: () => number,
): number {
  if (firstMs === 0) return 0;
  const whole = Math.min(firstMs * factor ** (count - 1), maxMs, LONGEST_MS);
  return Math.ceil(jitter === 0 ? whole : whole * (1 - jitter * random()));
}
