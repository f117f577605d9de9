import type { PendingReplies } from "../../../core/engine/pending-replies.ts";
import type { Reply, Effects } from "../../../core/activation/effects.ts";
import type { ReplyListener } from "../../../core/engine/engine.ts";
import type { Envelope } from "../../../core/message/envelope.ts";
import type { Blocking } from "../../../core/activation/environment.ts";
import type { BlockedGet, BlockedGets } from "../blocking/blocked-gets.ts";
import type { BlockedLimit } from "../blocking/blocked-limit.ts";
import type { DeadlockSearch } from "../blocking/deadlock-search.ts";
import type { Dispatcher } from "../dispatch/dispatcher.ts";
import type { Lifecycle } from "../lifecycle/lifecycle.ts";
import type { FunctionLimits } from "../mailboxes/function-limits.ts";
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
  readonly limits: FunctionLimits;
  readonly crashTracker: CrashTracker;
  readonly gets: BlockedGets;
  readonly blockedLimit: BlockedLimit;
  readonly deadlocks: DeadlockSearch;
  readonly dispatcher: Dispatcher;
  readonly idle: IdleWatch;
}

/** A get that has an outcome, and its way back to the handler. */
interface EndingGet {
  readonly get: BlockedGet;
  /** The number of the handler's message. */
  readonly seq: number | undefined;
  /** Returns the reply, or throws the error. */
  readonly settle: () => void;
  /** Throws another error: the engine has stopped meanwhile. */
  readonly fail: (error: unknown) => void;
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
    return this.#block(envelope, key, false).wait();
  }

  /** Waits in the handler of a message for a reply to a client, as a get does. @throws `OVERLOADED` */
  listen(envelope: Envelope, key: string): ReplyListener {
    this.admit(envelope);
    return this.#block(envelope, key, true);
  }

  #block(envelope: Envelope, key: string, isClients: boolean): ReplyListener {
    const { listeners, gets, mailboxes, crashTracker, deadlocks } = this.#parts;
    const { promise, resolve, reject: fail } = Promise.withResolvers<Reply>();
    const seq = mailboxes.runningAt(envelope.target)?.seq;
    let isEnding = false;
    const end = (settle: () => void): void => {
      if (isEnding) return;
      isEnding = true;
      this.#reserveSlot({ get, seq, settle, fail });
    };
    const stop = listeners.receive(key, {
      resolve: (reply) => end(() => resolve(reply)),
      reject: (error) => end(() => fail(error)),
    });
    const reject = (error: unknown): void => {
      stop();
      end(() => fail(error));
    };
    const get: BlockedGet = { key, envelope, isClients, stop, reject };
    if (seq !== undefined) crashTracker.handlerBlocked(seq);
    if (gets.begin(get)) this.#releaseSlot(envelope);
    deadlocks.afterBlocking();
    const giveUp = (): void => {
      stop();
      end(() => undefined);
    };
    return { wait: () => promise, stop: giveUp };
  }

  #releaseSlot({ target }: Envelope): void {
    const { slots, limits, crashTracker, dispatcher, idle } = this.#parts;
    slots.release();
    limits.end(target.type);
    crashTracker.slotFreed();
    dispatcher.wake();
    idle.check();
  }

  /** Reserves a slot for the handler if this is its last get. */
  #reserveSlot(ending: EndingGet): void {
    const { gets, slots } = this.#parts;
    if (gets.isOnlyOne(ending.get)) slots.reserveFirst(() => this.#waitForMark(ending, true));
    else this.#waitForMark(ending, false);
  }

  /** Waits until the message is marked, if it must be: until then the handler is blocked. */
  #waitForMark(ending: EndingGet, hasSlot: boolean): void {
    const { crashTracker, slots, gets } = this.#parts;
    const { get, seq, fail } = ending;
    const marked = seq === undefined ? undefined : crashTracker.requestResume(seq);
    if (marked === undefined) return this.#continue(ending, hasSlot);
    const failed = (error: unknown): void => {
      if (hasSlot) slots.cancelReservation();
      gets.end(get);
      fail(error);
    };
    marked.then(() => this.#continue(ending, hasSlot), failed);
  }

  #continue(ending: EndingGet, hasSlot: boolean): void {
    const { gets, slots, limits } = this.#parts;
    // The other gets have returned meanwhile.
    if (!hasSlot && gets.isOnlyOne(ending.get))
      return slots.reserveFirst(() => this.#continue(ending, true));
    const works = gets.end(ending.get);
    if (hasSlot && works) {
      slots.useReservation();
      limits.resume(ending.get.envelope.target.type);
    } else if (hasSlot) slots.cancelReservation();
    ending.settle();
  }
}
