import type { PendingReplies } from "../../../core/engine/pending-replies.ts";
import type { Reply } from "../../../core/activation/effects.ts";
import { Queue } from "../../../core/data/queue.ts";
import type { HandbackError } from "../../../core/errors/errors.ts";
import type { Backlog } from "../mailboxes/backlog.ts";

/**
 * Replies delivered in one turn of the event loop. Fewer while many messages wait to be handled,
 * because a client that gets its reply usually asks for more.
 */
const PER_TURN = 256;
const PER_CROWDED_TURN = 32;
/** Messages in the backlog above which replies are slowed down. */
const CROWDED = 4_096;

/** Collaborators of {@link ReplyQueue}. */
export interface ReplyQueueParts {
  /** Callers that wait for the reply to a request of their own. */
  readonly callers: PendingReplies;
  /** Listeners for replies that another message causes. */
  readonly listeners: PendingReplies;
  readonly backlog: Backlog;
}

/**
 * Durable replies in their order, delivered a bounded number at a time: each lets its caller
 * continue, and all of these callers run before anything else happens.
 */
export class ReplyQueue {
  readonly #parts: ReplyQueueParts;
  readonly #replies = new Queue<Reply>();

  constructor(parts: ReplyQueueParts) {
    this.#parts = parts;
  }

  get isEmpty(): boolean {
    return this.#replies.size === 0;
  }

  add(replies: readonly Reply[]): void {
    for (const reply of replies) this.#replies.push(reply);
  }

  /** Delivers as many replies as fit into one turn. */
  deliverSome(): void {
    if (this.isEmpty) return;
    const limit = this.#parts.backlog.total > CROWDED ? PER_CROWDED_TURN : PER_TURN;
    for (let left = limit; left > 0 && !this.isEmpty; left--) this.#deliverNext();
  }

  /** Rejects the callers of replies that do not leave, because their batch was not committed. */
  reject(unsent: Iterable<Reply>, error: HandbackError): void {
    for (const { key } of unsent) this.#parts.callers.reject(key, error);
  }

  /** Delivers all replies, then rejects the callers whose requests have none yet. */
  rejectCallers(error: HandbackError): void {
    while (!this.isEmpty) this.#deliverNext();
    this.#parts.callers.rejectAll(error);
  }

  /** Delivers all replies, then rejects all callers and listeners. */
  rejectAll(error: HandbackError): void {
    this.rejectCallers(error);
    this.#parts.listeners.rejectAll(error);
  }

  #deliverNext(): void {
    const { callers, listeners } = this.#parts;
    const reply = this.#replies.shift();
    if (reply !== undefined && !callers.deliver(reply)) listeners.deliver(reply);
  }
}
