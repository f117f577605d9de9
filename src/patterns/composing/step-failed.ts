import type { HandbackError } from "../../core/errors/errors.ts";
import { show } from "../../core/errors/show.ts";

/** Which step of which pattern failed. */
export interface FailedStep {
  /** Type of the chain or saga. */
  readonly type: string;
  /** Position of the step, from 0. */
  readonly at: number;
  /** Names the step. */
  readonly label: string;
}

/**
 * What a chain or saga is rejected with when a step fails; `cause` is a failure, or what was thrown. A cancellation is no failure of the
 * step, and passes as it is.
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
