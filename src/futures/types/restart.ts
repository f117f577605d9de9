import type { Future } from "./future.ts";

/** Options of `client.restart`. */
export interface RestartOptions {
  /**
   * The idempotency keys of the calls in the new run. `"same"`: a call that is made again with the
   * same input has the `ctx.idempotencyKey` that it had in the run before, so systems outside
   * recognize it. `"new"`: every call has a new one.
   */
  readonly keys: "same" | "new";
}

/** The hidden method of a handler's context that asks its flow whether a compensation may begin. */
export const MAY_COMPENSATE: unique symbol = Symbol.for("handback.mayCompensate");

/**
 * Asks the flow of a handler whether a compensation may begin. The future is rejected if the flow was
 * restarted with the same keys, so that the new run does again what would be undone. `undefined`: the
 * handler belongs to no flow.
 */
export function mayCompensate(ctx: object): Future<void> | undefined {
  return isCompensating(ctx) ? ctx[MAY_COMPENSATE]() : undefined;
}

interface Compensating {
  [MAY_COMPENSATE](): Future<void> | undefined;
}

function isCompensating(ctx: object): ctx is Compensating {
  return MAY_COMPENSATE in ctx;
}
