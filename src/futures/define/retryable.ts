import { ERROR_CODES } from "../../core/errors/error-codes.ts";
import { handbackCode } from "../types/handback-code.ts";
import type { Failure } from "../types/failure.ts";

/** The longest delay that a failure can ask for, about a hundred years. */
const LONGEST_MS = 3.2e12;

/**
 * Returns true if another attempt may succeed: after any error thrown by a function, and after
 * Handback's own errors that are `retryable`. For a failed step, its cause decides.
 *
 * Retry policies and the pattern `retry` judge by it. Use it to refine a `retryIf`.
 *
 * @example
 * import { fn, isRetryable } from "handback";
 * import type { Failure } from "handback";
 * import { retry } from "handback/patterns";
 *
 * const pay = fn("docs/pay-once", (_, cents: number) => cents);
 * const retryIf = (failure: Failure) => isRetryable(failure) && failure.code !== "DECLINED";
 * export const steadyPay = retry("docs/steady-pay", pay, { retryIf });
 */
export function isRetryable(failure: Failure): boolean {
  const { cause } = failure;
  const code = handbackCode(failure);
  if (code === undefined) return true;
  if ((code === "STEP_FAILED" || code === "BRANCHES_FAILED") && cause !== undefined)
    return isRetryable(cause);
  return ERROR_CODES[code].retryable;
}

/**
 * Returns the delay that a failure or one of its causes asks for with `RETRY_LATER`, in ms, or
 * `undefined`.
 */
export function retryAfterMs(failure: Failure, now: number): number | undefined {
  for (let each: Failure | undefined = failure; each !== undefined; each = each.cause) {
    if (handbackCode(each) !== "RETRY_LATER") continue;
    const { retryAfterMs, retryAt } = each.details ?? {};
    const ms = typeof retryAt === "number" ? Math.max(0, retryAt - now) : retryAfterMs;
    // Users can make such failures too, so the value is checked.
    if (typeof ms === "number" && ms >= 0) return Math.min(ms, LONGEST_MS);
  }
  return undefined;
}
