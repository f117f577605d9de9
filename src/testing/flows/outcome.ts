import { HandbackError } from "../../core/errors/errors.ts";
import type { Failure } from "../../futures/types/failure.ts";
import type { Settlement } from "../../futures/types/future.ts";
import type { FlowValue } from "./program.ts";

/** How a program ended: its value, or why it failed, in words that do not depend on who ran it. */
export type FlowOutcome = { readonly value: FlowValue } | { readonly failure: string };

/** Says why something failed: the code of an error of ours, or the message of a leaf's. */
function showFailure({ name, message, code, errors }: Failure): string {
  if (errors !== undefined) return `none of: ${errors.map(showFailure).join(", ")}`;
  return name === "HandbackError" && code !== undefined ? code : message;
}

/** How a part ended, as a value. */
export function showSettlement(settlement: Settlement<FlowValue>): FlowValue {
  return settlement.status === "fulfilled"
    ? ["fulfilled", settlement.value]
    : ["rejected", showFailure(settlement.reason)];
}

/** Waits for a flow's result, and gives it as an outcome. @throws what is no failure of a flow, such as `CLOSED` */
export async function outcomeOf(result: Promise<FlowValue>): Promise<FlowOutcome> {
  try {
    return { value: await result };
  } catch (error) {
    if (HandbackError.is(error) && error.failure !== undefined)
      return { failure: showFailure(error.failure as Failure) };
    throw error;
  }
}
