/** A run that is shorter has no time for what is long. */
export const LEAST_RUN_MINUTES = 20;
const LEAST_MINUTES = 3;
const SHARE = 0.15;

/** What is known of a run when its time is given away. */
export interface Occasion {
  readonly minutes: number;
  /** How many trials it has. */
  readonly trials: number;
  /** Whether they were asked for by name. */
  readonly isNamed: boolean;
}

/** For how many minutes a long trial is held: an equal share where it is named, a small one in a long run of all, else none (0). */
export function minutesOfLong({ minutes, trials, isNamed }: Occasion): number {
  if (isNamed) return minutes / trials;
  return minutes < LEAST_RUN_MINUTES ? 0 : Math.max(LEAST_MINUTES, SHARE * minutes);
}
