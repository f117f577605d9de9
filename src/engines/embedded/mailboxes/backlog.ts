import type { Address } from "../../../core/message/address.ts";
import type { GroupCommit } from "../commit/group-commit.ts";
import type { Mailboxes } from "./mailboxes.ts";
import type { Unregistered } from "./unregistered.ts";

/** Collaborators of {@link Backlog}. */
export interface BacklogParts {
  readonly commits: Pick<GroupCommit, "deliverableCount" | "insertedAt">;
  readonly mailboxes: Pick<Mailboxes, "sizeAt">;
  readonly unregistered: Pick<Unregistered, "size">;
}

/**
 * Counts the messages that are accepted and not yet handled: in a batch, in a mailbox, or in a
 * handler. Messages for functions that are not registered do not count.
 */
export class Backlog {
  readonly #parts: BacklogParts;

  constructor(parts: BacklogParts) {
    this.#parts = parts;
  }

  get total(): number {
    return this.#parts.commits.deliverableCount - this.#parts.unregistered.size;
  }

  /** Counts the messages of one address. */
  at(address: Address): number {
    return this.#parts.mailboxes.sizeAt(address) + this.#parts.commits.insertedAt(address);
  }
}
