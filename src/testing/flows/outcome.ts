import { HandbackError } from "../../core/errors/errors.ts";
import type { Failure } from "../../futures/types/failure.ts";
import { handbackCode } from "../../futures/types/handback-code.ts";
import type { Settlement } from "../../futures/types/future.ts";
import type { FlowValue } from "./program.ts";

/**
 * The outcome of a program: its value, or the reason for its failure in a form that does not depend
 * on the runner.
 */
export type FlowOutcome = { readonly value: FlowValue } | { readonly failure: string };

/** Names the reason for a failure: our error code, or the message of a leaf's error. */
function showFailure(failure: Failure): string {
  const { message, errors } = failure;
  if (errors !== undefined) return `none of: ${errors.map(showFailure).join(", ")}`;
  return handbackCode(failure) ?? message;
}

/** Turns the outcome of a part into a value. */
export function showSettlement(settlement: Settlement<FlowValue>): FlowValue {
  return settlement.status === "fulfilled"
    ? ["fulfilled", settlement.value]
    : ["rejected", showFailure(settlement.reason)];
}

/**
 * Waits for the result of a flow, and returns it as an outcome. @throws an error that is not a
 * failure of a flow, such as `CLOSED`
 */
export async function flowOutcomeOf(result: Promise<FlowValue>): Promise<FlowOutcome> {
  try {
    return { value: await result };
  } catch (error) {
    if (HandbackError.is(error) && error.failure !== undefined)
      return { failure: showFailure(error.failure as Failure) };
    throw error;
  }
}
