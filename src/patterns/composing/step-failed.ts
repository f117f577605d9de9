import type { HandbackError } from "../../core/errors/errors.ts";
import { systemFailure, toFailure } from "../../futures/types/failure.ts";
import type { Failure } from "../../futures/types/failure.ts";
import { handbackCode } from "../../futures/types/handback-code.ts";

/** A failed step of a pattern. */
export interface FailedStep {
  /** Type of the chain or saga. */
  readonly type: string;
  /** Position of the step, from 0. */
  readonly at: number;
  /** Name of the step. */
  readonly label: string;
}

/**
 * Returns the rejection of a chain or saga whose step failed. `reason` is a failure, or a thrown
 * value. A cancellation is not a failure of the step and is returned unchanged.
 */
export function stepFailed(
  { type, at, label }: FailedStep,
  reason: unknown,
  more: HandbackError["details"] = {},
): Failure {
  const cause = toFailure(reason);
  if (handbackCode(cause) === "CANCELLED") return cause;
  const why = `step ${at + 1} of ${type} (${label}) failed: ${cause.message}`;
  const details = { step: at + 1, function: label, ...more };
  return systemFailure("STEP_FAILED", why, { details, cause, function: type });
}
