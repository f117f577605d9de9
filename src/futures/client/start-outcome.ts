import { HandbackError } from "../../core/errors/errors.ts";
import type { Replies, StartReply } from "./replies.ts";

/** Checks that a start has reached its flow. `isKeyed` is true if it gave a key. */
export function requireStarted(
  flow: string,
  reply: Replies["flow"]["start"],
  isKeyed: boolean,
): void {
  const { outcome } = reply;
  if (outcome === "reserved" || outcome === "conflict") throw refusedStart(flow, reply, isKeyed);
}

/** Makes the error for a start that did not reach a flow. `isKeyed` is true if it gave a key. */
function refusedStart(
  flow: string,
  { outcome, type }: StartReply,
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
