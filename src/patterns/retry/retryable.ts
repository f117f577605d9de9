import { ERROR_CODES } from "../../core/errors/error-codes.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import { parseDuration } from "../../core/validation/duration.ts";
import type { Duration } from "../../core/validation/duration.ts";
import type { Failure } from "../../futures/types/failure.ts";
import { LONGEST_MS } from "../composing/backoff.ts";

/**
 * Makes an error for a function to throw that may be called again, but not sooner than after some time: `retry` waits for so long.
 *
 * @throws `INVALID_DELAY`
 * @example
 * import { fn } from "handback";
 * import { retryLater } from "handback/patterns";
 *
 * const fetchRates = fn("docs/fetch-rates", async (): Promise<string> => {
 *   const response = await fetch("https://rates.example");
 *   if (response.status === 503) throw retryLater("30s", "the rates are not there yet");
 *   return response.text();
 * });
 */
export function retryLater(after: Duration, message: string): HandbackError {
  return new HandbackError("RETRY_LATER", message, {
    details: { retryAfterMs: parseDuration(after, "the time of retryLater") },
  });
}

/**
 * Makes an error for a function to throw that need not be called again: no attempt will succeed. `retry` gives up, and so does a retry policy.
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
 * Tells whether another attempt may succeed: after whatever a function threw by itself, and after errors of ours that say so. What failed
 * with a step of it is judged by what the step failed with. A cancellation is never tried again.
 */
export function isRetryable(failure: Failure): boolean {
  const { name, code, cause } = failure;
  if (name !== "HandbackError" || code === undefined) return true;
  if ((code === "STEP_FAILED" || code === "BRANCHES_FAILED") && cause !== undefined)
    return isRetryable(cause);
  return (
    Object.hasOwn(ERROR_CODES, code) && ERROR_CODES[code as keyof typeof ERROR_CODES].retryable
  );
}

/** How long a failure, or what it came from, asks to be left alone, in ms; `undefined` when it does not say. */
export function retryAfterMs(failure: Failure): number | undefined {
  for (let each: Failure | undefined = failure; each !== undefined; each = each.cause) {
    const ms = each.details?.["retryAfterMs"];
    // It may have been made by anybody.
    if (each.code === "RETRY_LATER" && typeof ms === "number" && ms >= 0)
      return Math.min(ms, LONGEST_MS);
  }
  return undefined;
}
