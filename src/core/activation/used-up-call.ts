import { Brand } from "../data/brand.ts";

/** A call of a pattern, in words that the pattern's function takes. */
export interface UsedUpCall {
  /** Type of the pattern, `namespace/name`. */
  readonly type: string;
  readonly input: unknown;
}

/**
 * Marks the error with which a pattern gives up after its last attempt. If the call pauses, the call
 * of the pattern waits in place of that of its inner stage, so that a person can run the pattern
 * again from its first attempt.
 */
export const usedUpCalls = new Brand<UsedUpCall>("UsedUpCall");
