import { ERROR_CODES } from "../../core/errors/error-codes.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import { parseDuration } from "../../core/validation/duration.ts";
import type { Duration } from "../../core/validation/duration.ts";
import type { Failure } from "../../futures/types/failure.ts";
import { handbackCode } from "../../futures/types/handback-code.ts";
import { LONGEST_MS } from "../composing/backoff.ts";

/**
 * Makes an error to throw from a function that may be called again after some time. `retry` waits
 * for this time.
 *
 * @throws `INVALID_DELAY`
 * @example
 * import { fn } from "handback";
 * import { retryLater } from "handback/patterns";
 *
 * const fetchRates = fn("docs/fetch-rates", async (): Promise<string> => {
 *   const response = await fetch("https://rates.example");
 *   if (response.status === 503) throw retryLater("30s", "the rates are not available yet");
 *   return response.text();
 * });
 */
export function retryLater(after: Duration, message: string): HandbackError {
  return new HandbackError("RETRY_LATER", message, {
    details: { retryAfterMs: parseDuration(after, "time of retryLater") },
  });
}

/**
 * Makes an error to throw from a function that should not be called again, because no attempt can
 * succeed. `retry` and retry policies give up.
 *
 * @example
 * import { fn } from "handback";
 * import { terminal } from "handback/patterns";
 *
 * const charge = fn("docs/charge-card", (_, card: { expired: boolean }) => {
 *   if (card.expired) throw terminal("the card has expired");
 *   return "paid";
 * });
 */
export function terminal(message: string, cause?: unknown): HandbackError {
  return new HandbackError("FUNCTION_FAILED", message, cause === undefined ? {} : { cause });
}

/**
 * Returns true if another attempt may succeed: after any error thrown by a function, and after the
 * library's errors that are retryable. For a failed step, the cause decides. A cancellation is
 * never retried.
 */
export function isRetryable(failure: Failure): boolean {
  const { cause } = failure;
  const code = handbackCode(failure);
  if (code === undefined) return true;
  if ((code === "STEP_FAILED" || code === "BRANCHES_FAILED") && cause !== undefined)
    return isRetryable(cause);
  return ERROR_CODES[code].retryable;
}

/** Returns the delay that a failure or one of its causes asks for, in ms, or `undefined`. */
export function retryAfterMs(failure: Failure): number | undefined {
  for (let each: Failure | undefined = failure; each !== undefined; each = each.cause) {
    const ms = each.details?.["retryAfterMs"];
    // Users can make such failures too, so the value is checked.
    if (handbackCode(each) === "RETRY_LATER" && typeof ms === "number" && ms >= 0)
      return Math.min(ms, LONGEST_MS);
  }
  return undefined;
}
