import type { Failure } from "../types/failure.ts";
import { isRetryable, retryAfterMs } from "./retryable.ts";
import type { RetrySpec } from "./spec.ts";

/** A failed attempt: its number, from 1, and its instant. */
export interface FailedAttempt {
  readonly failure: Failure;
  readonly attempt: number;
  readonly now: number;
}

/** Returns the delay before the next attempt, in ms. `undefined`: no further attempt. */
export function retryDelay(
  policy: RetrySpec | undefined,
  { failure, attempt, now }: FailedAttempt,
): number | undefined {
  if (policy === undefined || attempt >= policy.maxAttempts || !isRetryable(failure))
    return undefined;
  const { initialDelayMs, factor, maxDelayMs } = policy;
  return (
    retryAfterMs(failure, now) ??
    Math.min(maxDelayMs, Math.ceil(initialDelayMs * factor ** (attempt - 1)))
  );
}
