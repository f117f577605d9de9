/** Pages of a file. */
export interface Pages {
  readonly total: number;
  /** Those that hold nothing, and are used again before the file grows. */
  readonly free: number;
}

/** Free pages that are not worth the trouble: 4 MiB. */
const SPARE = 1_024;

/**
 * Tells whether a file should give free pages back: it begins to when they are more than half of it, and goes on until they are no more than
 * a quarter, so that what comes and goes with the load is left to be used again.
 *
 * @param hasBegun - whether it is giving back already
 */
export function hasTooManyFree({ total, free }: Pages, hasBegun: boolean): boolean {
  return free > SPARE && free > total / (hasBegun ? 4 : 2);
}
