import type { HandbackError } from "../../core/errors/errors.ts";
import { show } from "../../core/errors/show.ts";

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
 * Returns the rejection of a chain or saga whose step failed. `cause` is a failure, or a thrown
 * value. A cancellation is not a failure of the step and is returned unchanged.
 */
export function stepFailed(
  { type, at, label }: FailedStep,
  cause: unknown,
  more: HandbackError["details"] = {},
): unknown {
  const { message, code } =
    typeof cause === "object" && cause !== null
      ? (cause as { message?: unknown; code?: unknown })
      : {};
  if (code === "CANCELLED") return cause;
  const why = typeof message === "string" ? message : show(cause);
  return {
    name: "HandbackError",
    code: "STEP_FAILED",
    message: `step ${at + 1} of ${type} (${label}) failed: ${why}`,
    details: { step: at + 1, function: label, ...more },
    cause,
    function: type,
  };
}
