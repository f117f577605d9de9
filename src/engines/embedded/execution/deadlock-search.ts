import type { Envelope } from "../../../core/message/envelope.ts";
import type { HandlerSlots } from "../mailboxes/handler-slots.ts";
import type { Mailboxes } from "../mailboxes/mailboxes.ts";
import type { BlockedGets } from "./blocked-gets.ts";

/**
 * Looks for deadlocks of blocked handlers.
 *
 * HD2 The search runs when every slot is held by a blocked handler, or a message queues behind one.
 */
export class DeadlockSearch {
  readonly #mailboxes: Mailboxes;
  readonly #slots: HandlerSlots;
  readonly #gets: BlockedGets;

  constructor(mailboxes: Mailboxes, slots: HandlerSlots, gets: BlockedGets) {
    this.#mailboxes = mailboxes;
    this.#slots = slots;
    this.#gets = gets;
  }

  /** Searches if messages wait for a slot and every slot is held by a blocked handler. */
  afterStarts(): void {
    if (this.#mailboxes.areWaiting && this.#areAllSlotsBlocked()) this.run();
  }

  /** Searches if a get waits for the message, which now queues behind another one. */
  afterQueuing(envelope: Envelope): void {
    if (this.#gets.size > 0 && this.#gets.isAwaited(envelope)) this.run();
  }

  /** Searches, and rejects one get of each deadlock. */
  run(): void {
    const mailboxes = this.#mailboxes;
    this.#gets.check({
      queuedAt: (address) => mailboxes.queuedAt(address),
      waitingForSlot: this.#areAllSlotsBlocked() ? [...mailboxes.waiting()] : [],
    });
  }

  #areAllSlotsBlocked(): boolean {
    return this.#slots.areAllUsed && this.#gets.runs === this.#slots.used;
  }
}
