import type { PausedCall } from "../types/paused-call.ts";

/** The most calls of one flow that are paused at a time. A further one fails. */
const MOST_PAUSED = 1_000;

/** Why a flow has no call to repair, or not the one that was named. */
export type NoCall =
  | { readonly outcome: "notPaused" }
  | { readonly outcome: "severalCalls" | "otherCalls"; readonly calls: readonly string[] };

/** The outcome of `resume` and `fail`. */
export type RepairReply =
  | { readonly outcome: "resumed" | "failed" | "unknown" }
  | (NoCall & { readonly status: string });

/** Adds a call to those of a flow. `undefined`: the flow lists as many as it may. */
export function withPaused(
  calls: readonly PausedCall[] | undefined = [],
  call: PausedCall,
): readonly PausedCall[] | undefined {
  return calls.length < MOST_PAUSED ? [...calls, call] : undefined;
}

/** Removes a call. `undefined`: none is left. */
export function withoutPaused(
  calls: readonly PausedCall[] | undefined = [],
  id: string,
): readonly PausedCall[] | undefined {
  const left = calls.filter(({ call }) => call !== id);
  return left.length > 0 ? left : undefined;
}

/** Chooses the call that a person names. Without a name, it must be the only one. */
export function choosePaused(
  calls: readonly PausedCall[] | undefined = [],
  named: string | undefined,
): PausedCall | NoCall {
  const [only] = calls;
  if (only === undefined) return { outcome: "notPaused" };
  const ids = calls.map(({ call }) => call);
  if (named !== undefined)
    return calls.find(({ call }) => call === named) ?? { outcome: "otherCalls", calls: ids };
  return calls.length === 1 ? only : { outcome: "severalCalls", calls: ids };
}
