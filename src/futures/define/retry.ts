import type { RetrySpec } from "./spec.ts";

/**
 * Returns the delay before the next attempt after `failed` failed ones, in ms. `undefined`: no
 * further attempt.
 */
export function retryDelay(policy: RetrySpec | undefined, failed: number): number | undefined {
  if (policy === undefined || failed >= policy.maxAttempts) return undefined;
  return Math.min(
    policy.maxDelayMs,
    Math.ceil(policy.initialDelayMs * policy.factor ** (failed - 1)),
  );
}
