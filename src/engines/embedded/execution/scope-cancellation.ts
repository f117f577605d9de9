import type { CancelledScope, ClosedScope } from "../../../core/activation/effects.ts";
import type { StoredMessage } from "../../../stores/store.ts";
import { Queue } from "../../../core/data/queue.ts";

/**
 * The scopes that are being canceled, and the canceled messages that are still in mailboxes.
 *
 * WD1 A scope is looked up only when no activation is in progress. Then each of its messages is in
 *     the store, in a batch, or in a handler.
 * WD2 All messages of a scope, and of the scopes canceled with it, are canceled before their
 *     consequences are handled, because a consequence may itself wait for a canceled message. The
 *     scopes count as canceled until all consequences have been handled.
 * WD3 A message canceled in a mailbox, or on its way to one, is skipped when its turn comes. A
 *     message whose handler has ended, but whose effects are not written yet, counts as handled.
 *     Its scope is canceled once more after that.
 */
export class ScopeCancellation {
  readonly #pending = new Queue<CancelledScope>();
  readonly #closed = new Queue<ClosedScope>();
  readonly #cancelled = new Set<string>();
  /** The lengths of the canceled scopes' names. */
  readonly #lengths = new Set<number>();
  /** Numbers of messages to skip. */
  readonly #skipped = new Set<number>();

  cancel(cancelled: CancelledScope): void {
    const { scope } = cancelled;
    if (this.isCancelled(scope)) return;
    this.#cancelled.add(scope);
    this.#lengths.add(scope.length);
    this.#pending.push(cancelled);
  }

  /** Tells whether the scope, or one that contains it, is being canceled. */
  isCancelled(scope: string): boolean {
    if (this.#cancelled.size === 0) return false;
    for (const length of this.#lengths)
      if (this.#cancelled.has(scope.slice(0, length))) return true;
    return false;
  }

  /** Tells whether canceled scopes wait to be looked up. */
  get isPending(): boolean {
    return this.#pending.size > 0;
  }

  /** Takes the next canceled scope to look up. No activation may be in progress. */
  takeNext(): CancelledScope | undefined {
    return this.#pending.shift();
  }

  /** Notes a scope whose boundary has settled. */
  close(closed: ClosedScope): void {
    this.#closed.push(closed);
  }

  /** Takes the next closed scope. No activation may be in progress. */
  takeClosed(): ClosedScope | undefined {
    return this.#closed.shift();
  }

  /** Forgets the canceled scopes once all consequences have been handled. */
  finish(): void {
    if (this.#cancelled.size === 0) return;
    this.#cancelled.clear();
    this.#lengths.clear();
  }

  /** Notes a message to skip when its turn comes. */
  skip(seq: number): void {
    this.#skipped.add(seq);
  }

  /** Tells whether to skip the message, and forgets it. */
  takeSkipped(seq: number): boolean {
    return this.#skipped.size > 0 && this.#skipped.delete(seq);
  }

  /** Takes the next message of a mailbox's queue that is not canceled. */
  takeFrom(queue: Queue<StoredMessage>): StoredMessage | undefined {
    let message = queue.shift();
    while (message !== undefined && this.takeSkipped(message.seq)) message = queue.shift();
    return message;
  }
}
