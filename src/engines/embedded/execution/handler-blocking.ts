import type { PendingReplies } from "../../../core/engine/pending-replies.ts";
import type { Reply, Effects } from "../../../core/activation/effects.ts";
import type { Envelope } from "../../../core/message/envelope.ts";
import type { Blocking } from "../../../core/activation/environment.ts";
import type { BlockedGets } from "../blocking/blocked-gets.ts";
import type { BlockedLimit } from "../blocking/blocked-limit.ts";
import type { DeadlockSearch } from "../blocking/deadlock-search.ts";
import type { Dispatcher } from "../dispatch/dispatcher.ts";
import type { Lifecycle } from "../lifecycle/lifecycle.ts";
import type { HandlerSlots } from "../mailboxes/handler-slots.ts";
import type { Mailboxes } from "../mailboxes/mailboxes.ts";
import type { CrashTracker } from "../poison/crash-tracker.ts";
import type { Activations } from "./activations.ts";
import type { IdleWatch } from "./idle-watch.ts";

/** Collaborators of {@link HandlerBlocking}. */
export interface HandlerBlockingParts {
  readonly lifecycle: Lifecycle;
  readonly activations: Activations;
  /** Listeners for replies that another message causes. */
  readonly listeners: PendingReplies;
  readonly mailboxes: Mailboxes;
  readonly slots: HandlerSlots;
  readonly crashTracker: CrashTracker;
  readonly gets: BlockedGets;
  readonly blockedLimit: BlockedLimit;
  readonly deadlocks: DeadlockSearch;
  readonly dispatcher: Dispatcher;
  readonly idle: IdleWatch;
}

/** A get that was answered, with the way to return from it. */
interface AnsweredGet {
  readonly key: string;
  /** The number of the handler's message. */
  readonly seq: number | undefined;
  /** Returns the reply, or throws the error. */
  readonly settle: () => void;
  /** Throws another error: the engine has stopped meanwhile. */
  readonly reject: (error: unknown) => void;
}

/**
 * Lets a handler block on a reply (`blockingGet`). It keeps its address meanwhile, and gives back
 * its slot.
 *
 * BK1 A handler holds a slot exactly while it is not blocked. Its last open get returns once it has
 *     a slot again. Others return at once, and the handler stays blocked.
 * BK2 A handler whose reply came has its slot reserved in the step that delivers the reply, so it
 *     comes before handlers that have not started.
 */
export class HandlerBlocking implements Blocking {
  readonly #parts: HandlerBlockingParts;

  constructor(parts: HandlerBlockingParts) {
    this.#parts = parts;
  }

  admit(envelope: Envelope): void {
    const { gets, blockedLimit } = this.#parts;
    if (!gets.isBlocked(envelope)) blockedLimit.admit(gets.runs, envelope);
  }

  flush(effects: Effects): void {
    const { lifecycle, activations } = this.#parts;
    lifecycle.requireNotStopped();
    lifecycle.run(() => activations.takeFlushed(effects));
  }

  receive(envelope: Envelope, key: string): Promise<Reply> {
    const { listeners, gets, slots, crashTracker, deadlocks, dispatcher, idle } = this.#parts;
    const { promise, resolve, reject } = Promise.withResolvers<Reply>();
    const seq = this.#parts.mailboxes.runningAt(envelope.target)?.seq;
    const wake = (settle: () => void): void => this.#reserveSlot({ key, seq, settle, reject });
    const stop = listeners.receive(key, {
      resolve: (reply) => wake(() => resolve(reply)),
      reject: (error) => wake(() => reject(error)),
    });
    if (seq !== undefined) crashTracker.handlerBlocked(seq);
    if (gets.begin({ key, envelope, stop })) {
      slots.release();
      crashTracker.slotFreed();
      dispatcher.wake();
      idle.check();
    }
    deadlocks.afterBlocking();
    return promise;
  }

  /** Reserves a slot for the handler if this is its last get. */
  #reserveSlot(get: AnsweredGet): void {
    const { gets, slots } = this.#parts;
    if (gets.isOnlyOne(get.key)) slots.reserveFirst(() => this.#waitForMark(get, true));
    else this.#waitForMark(get, false);
  }

  /** Waits until the message is marked, if it must be: until then the handler is blocked. */
  #waitForMark(get: AnsweredGet, hasSlot: boolean): void {
    const { crashTracker, slots } = this.#parts;
    const marked = get.seq === undefined ? undefined : crashTracker.requestResume(get.seq);
    if (marked === undefined) return this.#continue(get, hasSlot);
    const fail = (error: unknown): void => {
      if (hasSlot) slots.cancelReservation();
      this.#parts.gets.end(get.key);
      get.reject(error);
    };
    marked.then(() => this.#continue(get, hasSlot), fail);
  }

  #continue(get: AnsweredGet, hasSlot: boolean): void {
    const { gets, slots } = this.#parts;
    // The other gets have returned meanwhile.
    if (!hasSlot && gets.isOnlyOne(get.key))
      return slots.reserveFirst(() => this.#continue(get, true));
    const works = gets.end(get.key);
    if (hasSlot && works) slots.useReservation();
    else if (hasSlot) slots.cancelReservation();
    get.settle();
  }
}
