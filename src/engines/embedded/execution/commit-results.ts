import type { HandbackError } from "../../../core/errors/errors.ts";
import type { DeadlockSearch } from "../blocking/deadlock-search.ts";
import type { CommitListener } from "../commit/commit-listener.ts";
import type { GroupCommit } from "../commit/group-commit.ts";
import type { WriteBatch } from "../commit/write-batch.ts";
import type { Dispatcher } from "../dispatch/dispatcher.ts";
import type { ReplyQueue } from "../dispatch/reply-queue.ts";
import { fencedFor, isRolledBack } from "../lifecycle/fenced.ts";
import type { Lifecycle } from "../lifecycle/lifecycle.ts";
import type { StateCache } from "../state/state-cache.ts";
import type { DelayedMessages } from "../timers/delayed-messages.ts";
import type { Timers } from "../timers/timers.ts";
import type { MessageDelivery } from "./message-delivery.ts";
import type { ScopeCancellation } from "./scope-cancellation.ts";

/** Collaborators of {@link CommitResults}. */
export interface CommitResultsParts {
  readonly lifecycle: Lifecycle;
  readonly cache: StateCache;
  readonly commits: GroupCommit;
  readonly delayed: DelayedMessages;
  readonly timers: Timers;
  readonly scopes: ScopeCancellation;
  readonly delivery: MessageDelivery;
  readonly replies: ReplyQueue;
  readonly dispatcher: Dispatcher;
  readonly deadlocks: DeadlockSearch;
}

/** Delivers the results of committed batches: messages, timers, replies, and callbacks. */
export class CommitResults implements CommitListener {
  readonly #parts: CommitResultsParts;

  constructor(parts: CommitResultsParts) {
    this.#parts = parts;
  }

  get expectsMore(): boolean {
    return this.#parts.dispatcher.hasMoreToRun;
  }

  committed(batch: WriteBatch): void {
    this.#parts.lifecycle.run(() => this.#deliver(batch));
  }

  commitFailed(error: unknown): void {
    const { commits, replies, lifecycle } = this.#parts;
    if (isRolledBack(error)) replies.reject(commits.unwrittenReplies(), fencedFor(error, true));
    lifecycle.fail(error);
  }

  outage(doubt: HandbackError): void {
    this.#parts.timers.pause();
    this.#parts.replies.rejectCallers(doubt);
  }

  outageOver(): void {
    this.#parts.timers.resume();
  }

  #deliver(batch: WriteBatch): void {
    const { cache, replies, dispatcher, deadlocks } = this.#parts;
    batch.markCommitted((state) => cache.evictIfDone(state));
    this.#deliverMessages(batch);
    replies.add(batch.replies);
    replies.deliverSome();
    for (const callback of batch.afterCommit) callback();
    deadlocks.afterCommit();
    dispatcher.dispatch();
  }

  #deliverMessages(batch: WriteBatch): void {
    const { commits, delayed, timers, scopes, delivery } = this.#parts;
    for (const token of batch.cancelled) delayed.tokenCancelled(token);
    // A token that was used again meanwhile may have been canceled again.
    for (const token of commits.pendingCancellations()) delayed.cancelToken(token);
    for (const message of batch.accepted) {
      if (scopes.takeSkipped(message.seq)) continue;
      if (message.dueAt === undefined) delivery.deliver(message);
      else if (!commits.removes(message.seq)) timers.add(message);
    }
  }
}
