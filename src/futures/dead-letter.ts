import type { Address } from "../core/address.ts";
import type { DeadLetter } from "../core/effects.ts";
import type { Failure } from "./failure.ts";
import { codec } from "./future-codec.ts";

/** A one-way message that failed: what it said, to whom, and why it failed. */
export interface DeadLetterReport {
  readonly id: string;
  readonly target: Address;
  readonly operation: string;
  readonly input: unknown;
  readonly failure: Failure;
  /** Instant at which it was given up, in ms since the epoch. */
  readonly at: number;
}

/** Makes a report of a dead letter as a store keeps it. */
export function toDeadLetter({ envelope, failure, at }: DeadLetter & { readonly at: number }): DeadLetterReport {
  const { id, target, name, payload } = envelope;
  return { id, target, operation: name, input: codec.decode(payload), failure: failure as Failure, at };
}
