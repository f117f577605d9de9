/** The hidden property of a handler's context that names the call. Patterns name states after it. */
export const CALL_ID: unique symbol = Symbol.for("handback.callId");

/**
 * Returns the id of the call that a handler runs for, given its context. Unlike an idempotency key,
 * two calls never share it, and neither do the runs of a flow that was restarted.
 */
export function callIdOf(ctx: object): string {
  if (hasCallId(ctx)) return ctx[CALL_ID];
  throw new TypeError("expected the context of a handler");
}

interface WithCallId {
  readonly [CALL_ID]: string;
}

function hasCallId(ctx: object): ctx is WithCallId {
  return CALL_ID in ctx;
}
