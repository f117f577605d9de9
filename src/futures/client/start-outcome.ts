import { HandbackError } from "../../core/errors/errors.ts";
import type { Replies } from "./replies.ts";

/** Makes the error for a start that did not reach a flow. `isKeyed` is true if it gave a key. */
export function refusedStart(
  flow: string,
  { outcome, type }: Replies["flow"]["start"],
  isKeyed: boolean,
): HandbackError {
  if (outcome === "reserved") {
    const why = `${flow} has the form of the keys that the engine makes, and there is no such flow`;
    return new HandbackError(
      isKeyed ? "INVALID_IDEMPOTENCY_KEY" : "INVALID_KEY",
      `${why}: expected another key`,
      { details: { flow } },
    );
  }
  const why = `the flow ${flow} was started with another function or input, which ${type} keeps`;
  return new HandbackError("IDEMPOTENCY_CONFLICT", why, { details: { flow, function: type } });
}
