import type { RetrySpec } from "./spec.ts";

/** Delay before the next attempt after `failed` failed ones, in ms; `undefined` when there is to be none. */
export function retryDelay(policy: RetrySpec | undefined, failed: number): number | undefined {
  if (policy === undefined || failed >= policy.maxAttempts) return undefined;
  return Math.min(
    policy.maxDelayMs,
    Math.ceil(policy.initialDelayMs * policy.factor ** (failed - 1)),
  );
}
