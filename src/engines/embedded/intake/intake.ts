import type { Address } from "../../../core/message/address.ts";
import type { DeadLetter } from "../../../core/activation/effects.ts";
import type { Envelope } from "../../../core/message/envelope.ts";
import type { ScopeWatch, StoredMessage } from "../../../stores/store.ts";

/**
 * The port for messages that no handler sent: requests, timers that are due, and redriven dead
 * letters. Each joins the current batch at once, together with all that system functions do with
 * it.
 */
export interface Intake {
  /** Handles a client's request to a system function. */
  handle(request: Envelope): void;
  /**
   * Returns the addresses of users' functions to which handling the request would add messages.
   * Changes nothing.
   */
  targetsOf(request: Envelope): readonly Address[];
  /** Removes a watch. The change is committed with those of the next call. */
  unwatch(watch: ScopeWatch): void;
  /** Lets the failure of a dead letter pass on to the consumers of its message. */
  discard(letter: DeadLetter): void;
  /** Sends messages, and commits the changes already made to the current batch with them. */
  send(messages: readonly Envelope[]): void;
  /** Delivers delayed messages that are due. Their delay tokens no longer cancel them. */
  deliverDue(messages: readonly StoredMessage[]): void;
}
