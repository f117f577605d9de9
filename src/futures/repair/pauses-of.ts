import { HandbackError } from "../../core/errors/errors.ts";
import type { PausedCall } from "../types/paused-call.ts";

/** What is paused of a flow. */
export interface FlowPauses {
  /** Its calls that failed and wait for a person. */
  readonly paused?: readonly PausedCall[] | undefined;
  /** The instant at which a client paused it. */
  readonly pausedAt?: number | undefined;
}

const NONE: FlowPauses = {};

/** Returns what is paused of a flow that may be deleted by now. */
export async function pausesOf(
  find: () => Promise<{ readonly record: FlowPauses }>,
): Promise<FlowPauses> {
  try {
    const { paused, pausedAt } = (await find()).record;
    return { paused, pausedAt };
  } catch (error) {
    if (HandbackError.is(error, "NOT_FOUND")) return NONE;
    throw error;
  }
}
