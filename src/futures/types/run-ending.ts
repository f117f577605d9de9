import type { Failure } from "./failure.ts";
import { handbackCode } from "./handback-code.ts";

/**
 * The end of canceled work, for the functions that clean up after it:
 *
 * - `neverBegan`: no handler began, so there is nothing to undo
 * - `threw`: a handler threw before it could know of the cancellation, so there is nothing to undo
 * - `fulfilled`: the work was done after all
 * - `unknown`: it may be done, in part or whole. A handler threw after `ctx.signal` was aborted,
 *   handed back a future that has no value, crashed, or ran past its grace
 */
export type RunEnding = (typeof RUN_ENDINGS)[number];

/** All endings. */
export const RUN_ENDINGS = ["neverBegan", "threw", "fulfilled", "unknown"] as const;

/** Returns how canceled work ended, if the failure that it was rejected with says so. */
export function runEndingOf({ name, details }: Failure): RunEnding | undefined {
  const run: unknown = name === "HandbackError" ? details?.["run"] : undefined;
  return RUN_ENDINGS.find((ending) => ending === run);
}

/** Returns the failure, with the ending of the work that it canceled. */
export function withRunEnding(failure: Failure, run: RunEnding): Failure {
  return { ...failure, details: { ...failure.details, run } };
}

/** Tells whether a failure is a cancellation by the library. */
export function isCancellation(failure: Failure): boolean {
  return handbackCode(failure) === "CANCELLED";
}

/** Returns the ending of work that consists of one part of several, of which one counts. */
export function eitherEnding(one: RunEnding | undefined, other: RunEnding): RunEnding {
  if (one === undefined || one === "neverBegan") return other;
  if (other === "neverBegan") return one;
  if (one === "threw") return other;
  return other === "threw" ? one : "unknown";
}

/** Returns the ending of work that needs two parts, of which one was canceled. */
export function jointEnding(one: RunEnding | undefined, other: RunEnding): RunEnding {
  const whole = eitherEnding(one, other);
  return whole === "fulfilled" ? "unknown" : whole;
}
