/** A shorter run has no time for long trials. */
export const LEAST_RUN_MINUTES = 20;
const LEAST_MINUTES = 3;
const SHARE = 0.15;

/** The data that decides the share of time. */
export interface Occasion {
  readonly minutes: number;
  /** Number of trials. */
  readonly trials: number;
  /** True if they were chosen by name. */
  readonly isNamed: boolean;
}

/**
 * Returns the minutes for a long trial: an equal share if it is named, a small one in a long run of
 * all, otherwise 0.
 */
export function minutesOfLong({ minutes, trials, isNamed }: Occasion): number {
  if (isNamed) return minutes / trials;
  return minutes < LEAST_RUN_MINUTES ? 0 : Math.max(LEAST_MINUTES, SHARE * minutes);
}
