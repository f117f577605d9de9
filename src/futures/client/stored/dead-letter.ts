import type { Address } from "../../../core/message/address.ts";
import type { DeadLetter } from "../../../core/activation/effects.ts";
import type { Failure } from "../../types/failure.ts";
import { isHeld } from "./redrive.ts";
import { codec } from "../../protocol/codec.ts";

/**
 * A message that was given up: a one-way message that failed, or one that crashed the process. The
 * report has its input, its target, and the reason.
 */
export interface DeadLetterReport {
  /** Id of the letter, for `redrive` and `discard`. It was the id of the message. */
  readonly id: string;
  readonly target: Address;
  readonly operation: string;
  readonly input: unknown;
  /** The reason. With the code `POISONED`, `details.crashes` is the number of crashes. */
  readonly failure: Failure;
  /**
   * True if something still waits for the outcome of the message: a flow, a future, a client.
   * `redrive` runs the message for it, and `discard` passes the failure on to it.
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
