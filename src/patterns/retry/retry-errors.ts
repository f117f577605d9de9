import { HandbackError } from "../../core/errors/errors.ts";
import { parseDuration, parseInstant } from "../../core/validation/duration.ts";
import type { Duration } from "../../core/validation/duration.ts";

/**
 * Makes an error to throw from a function that may be called again after some time. `retry` and
 * retry policies wait for this time.
 *
 * @param after The time to wait, or the instant to wait for. A past instant means at once.
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
export function retryLater(after: Duration | Date, message: string): HandbackError {
  const what = "time of retryLater";
  const details =
    typeof after === "object"
      ? { retryAt: parseInstant(after, what) }
      : { retryAfterMs: parseDuration(after, what) };
  return new HandbackError("RETRY_LATER", message, { details });
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
