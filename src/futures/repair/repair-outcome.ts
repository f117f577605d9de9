import { HandbackError } from "../../core/errors/errors.ts";
import { invalidOption } from "../../core/validation/options.ts";
import type { RepairReply } from "./paused-calls.ts";

/**
 * Throws if a flow had no paused call to resume or to fail. @throws `NOT_PAUSED`, `INVALID_OPTIONS`
 */
export function requireRepaired(flow: string, reply: RepairReply, call: string | undefined): void {
  if (reply.outcome === "notPaused") {
    const { status } = reply;
    throw notPaused(`the flow ${flow} has no paused call: it is ${status}`, { flow, status });
  }
  if (reply.outcome === "otherCalls") {
    const { status, calls } = reply;
    const why = `the call ${call} of the flow ${flow} is not paused; other calls are`;
    throw notPaused(why, { flow, status, call, calls });
  }
  if (reply.outcome === "severalCalls") {
    const named = `call, since ${reply.calls.length} calls of the flow ${flow} are paused`;
    throw invalidOption(named, "one of them", call);
  }
}

/** Makes the error for the pause of a flow that has ended. */
export function cannotPause(flow: string, status: string): HandbackError {
  const why = `the flow ${flow} cannot be paused: it is ${status}`;
  return new HandbackError("FLOW_OVER", why, { details: { flow, status } });
}

function notPaused(why: string, details: HandbackError["details"]): HandbackError {
  return new HandbackError("NOT_PAUSED", why, { details });
}
