import type { Address } from "../../../core/message/address.ts";
import type { DeadLetter } from "../../../core/activation/effects.ts";
import type { Failure } from "../../types/failure.ts";
import { isHeld } from "./redrive.ts";
import { codec } from "../../protocol/codec.ts";

/**
 * A message that was given up, a one-way message that failed or one that the process died of: what
 * it said, to whom, and why.
 */
export interface DeadLetterReport {
  /** Names the letter, for `redrive` and `discard`; it was the message's id. */
  readonly id: string;
  readonly target: Address;
  readonly operation: string;
  readonly input: unknown;
  /** Why; with the code `POISONED`, `details.crashes` says how often the process died of it. */
  readonly failure: Failure;
  /**
   * True if something still waits for the outcome of the message: a flow, a future, a client.
   * `redrive` runs the message for it, and `discard` tells it the failure.
   */
  readonly isHeld: boolean;
  /** Instant at which it was given up, in ms since the epoch. */
  readonly at: number;
}

/** Makes a report of a dead letter as a store keeps it. */
export function toDeadLetter(letter: DeadLetter & { readonly at: number }): DeadLetterReport {
  const { envelope, failure, at } = letter;
  const { id, target, name, payload } = envelope;
  return {
    id,
    target,
    operation: name,
    input: codec.decode(payload),
    failure: failure as Failure,
    isHeld: isHeld(letter),
    at,
  };
}
