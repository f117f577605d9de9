import type { Encoded } from "../../core/codec/encoded.ts";
import { isLate, longestPatience, patienceOf } from "../protocol/consumer.ts";
import type { Consumer } from "../protocol/consumer.ts";
import { rejectedSettlement } from "../protocol/settled.ts";
import type { Settled } from "../protocol/settled.ts";
import type { Failure } from "../types/failure.ts";
import { withRunEnding } from "../types/run-ending.ts";
import type { RunEnding } from "../types/run-ending.ts";

/** Consumers of a race that is over, which wait for the end of the work that it canceled. */
export type Held = {
  readonly consumers: readonly Consumer[];
  /** Text of the failure that decided the race. */
  readonly reason: string;
  /** The time was up. */
  readonly isTimeout: boolean;
  /** The ending of the canceled branches that have arrived. */
  readonly run?: RunEnding | undefined;
  /** The value of a branch that was fulfilled in spite of its cancellation. */
  readonly value?: string | undefined;
};

/** Tells whether a consumer takes a rejection only once the work that it canceled has ended. */
export function mustWait(consumer: Consumer): boolean {
  return isLate(consumer) || patienceOf(consumer) !== undefined;
}

/** Returns the time for running handlers of branches, if the consumers limit it. */
export function graceOf(held: readonly Consumer[]): number | undefined {
  const patience = longestPatience(held);
  return patience === true ? undefined : patience;
}

/**
 * Returns the rejection for consumers with patience. A failure that decided the race says nothing of
 * the other branches, so they count only if one of them may be done.
 */
export function patientRejection(
  { reason, isTimeout }: Held,
  run: RunEnding,
  fulfilled: Encoded | undefined,
): Settled {
  const failure = JSON.parse(reason) as Failure;
  if (isTimeout) return { ...rejectedSettlement(withRunEnding(failure, run)), fulfilled, run };
  const isSure = run === "neverBegan" || run === "threw";
  return isSure ? rejectedSettlement(failure) : { ...rejectedSettlement(failure), fulfilled, run };
}
