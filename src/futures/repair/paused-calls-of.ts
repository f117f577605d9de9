import { HandbackError } from "../../core/errors/errors.ts";
import type { PausedCall } from "../types/paused-call.ts";

/** Returns the paused calls of a flow that may be deleted by now. */
export async function pausedCallsOf(
  find: () => Promise<{ readonly record: { readonly paused?: readonly PausedCall[] | undefined } }>,
): Promise<readonly PausedCall[]> {
  try {
    return (await find()).record.paused ?? [];
  } catch (error) {
    if (HandbackError.is(error, "NOT_FOUND")) return [];
    throw error;
  }
}
