import type { StoredMessage } from "../../../stores/store.ts";
import { Queue } from "../../../core/data/queue.ts";

/**
 * Messages to be taken back because their scope is cancelled, and those that were.
 *
 * WD1 A scope is looked up only when nothing is in flight: then each of its messages is in the store, in a batch, or being handled.
 * WD2 All messages of a scope, and of those cancelled with it, are taken back before anything comes of that: what waits for one of them
 *     is taken back itself. Until all that comes of it has happened, the scopes are known as cancelled.
 * WD3 A message that was taken back while it was in a mailbox, or on its way there, is passed by when it comes up. One whose handler
 *     has ended, and what came of that is on its way, counts as handled; then its scope is cancelled once more.
 */
export class ScopeCancellation {
  readonly #scopes = new Queue<string>();
  readonly #cancelled = new Set<string>();
  /** Lengths of their names. */
  readonly #lengths = new Set<number>();
  /** Numbers of messages to be passed by. */
  readonly #passing = new Set<number>();

  cancel(scope: string): void {
    if (this.isCancelled(scope)) return;
    this.#cancelled.add(scope);
    this.#lengths.add(scope.length);
    this.#scopes.push(scope);
  }

  /** Whether the scope has just been cancelled, so that what comes up in it comes of that. */
  isCancelled(scope: string): boolean {
    for (const length of this.#lengths)
      if (this.#cancelled.has(scope.slice(0, length))) return true;
    return false;
  }

  /** Each scope that is cancelled, also while they are gone through. Nothing may be in flight. */
  *takeBack(): Generator<string> {
    for (let scope = this.#scopes.shift(); scope !== undefined; scope = this.#scopes.shift())
      yield scope;
  }

  /** Whether there are scopes to be taken back. */
  get isPending(): boolean {
    return this.#scopes.size > 0;
  }

  /** All that came of the cancellations has happened. */
  end(): void {
    if (this.#cancelled.size === 0) return;
    this.#cancelled.clear();
    this.#lengths.clear();
  }

  /** Notes that a message is to be passed by. */
  passBy(seq: number): void {
    this.#passing.add(seq);
  }

  /** Whether the message is to be passed by; asked once. */
  isPassedBy(seq: number): boolean {
    return this.#passing.delete(seq);
  }

  /** The next message of a mailbox's queue that was not taken back. */
  takeFrom(queue: Queue<StoredMessage>): StoredMessage | undefined {
    let message = queue.shift();
    while (message !== undefined && this.isPassedBy(message.seq)) message = queue.shift();
    return message;
  }
}
