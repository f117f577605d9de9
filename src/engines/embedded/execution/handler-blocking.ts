import type { PendingReplies } from "../../../core/engine/pending-replies.ts";
import type { Reply, Effects } from "../../../core/activation/effects.ts";
import type { Envelope } from "../../../core/message/envelope.ts";
import type { Blocking } from "../../../core/activation/environment.ts";
import type { Lifecycle } from "../lifecycle/lifecycle.ts";
import type { Mailboxes } from "../mailboxes/mailboxes.ts";
import type { CrashTracker } from "../poison/crash-tracker.ts";
import type { Activations } from "./activations.ts";
import type { BlockedGets } from "./blocked-gets.ts";
import type { DeadlockSearch } from "./deadlock-search.ts";
import type { IdleWatch } from "./idle-watch.ts";

/** Collaborators of {@link HandlerBlocking}. */
export interface HandlerBlockingParts {
  readonly lifecycle: Lifecycle;
  readonly activations: Activations;
  /** Listeners for replies that another message causes. */
  readonly listeners: PendingReplies;
  readonly mailboxes: Mailboxes;
  readonly crashTracker: CrashTracker;
  readonly gets: BlockedGets;
  readonly deadlocks: DeadlockSearch;
  readonly idle: IdleWatch;
}

/** Lets a handler block on a reply while it keeps its slot and its address (`blockingGet`). */
export class HandlerBlocking implements Blocking {
  readonly #parts: HandlerBlockingParts;

  constructor(parts: HandlerBlockingParts) {
    this.#parts = parts;
  }

  flush(effects: Effects): void {
    const { lifecycle, activations } = this.#parts;
    lifecycle.requireNotStopped();
    lifecycle.run(() => activations.takeFlushed(effects));
  }

  async receive(envelope: Envelope, key: string): Promise<Reply> {
    const { listeners, gets, mailboxes, crashTracker, deadlocks, idle } = this.#parts;
    const seq = mailboxes.runningAt(envelope.target)?.seq;
    const listening = listeners.listen(key);
    gets.begin({ key, envelope, stop: () => listening.stop() });
    if (seq !== undefined) crashTracker.handlerBlocked(seq);
    idle.check();
    deadlocks.run();
    try {
      return await listening.reply;
    } finally {
      // A handler that waits for its mark is still blocked, so closing does not wait for it.
      const marked = seq === undefined ? undefined : crashTracker.requestResume(seq);
      if (marked !== undefined) await marked;
      gets.end(key);
    }
  }
}
