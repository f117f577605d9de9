import type { ReplyListener } from "../../../core/engine/engine.ts";
import type { KeptReply, PendingReplies } from "../../../core/engine/pending-replies.ts";
import type { Envelope } from "../../../core/message/envelope.ts";
import { currentActivation } from "../host/current-activation.ts";
import type { Lifecycle } from "../lifecycle/lifecycle.ts";
import type { Mailboxes } from "../mailboxes/mailboxes.ts";
import type { HandlerBlocking } from "./handler-blocking.ts";

/** Collaborators of {@link ClientWaits}. */
export interface ClientWaitsParts {
  readonly lifecycle: Lifecycle;
  readonly mailboxes: Pick<Mailboxes, "runningAt">;
  /** Listeners for replies that another message causes. */
  readonly listeners: PendingReplies;
  readonly blocking: HandlerBlocking;
}

/**
 * Waits of clients for replies that another message causes.
 *
 * CW1 A client's wait inside a running handler of this engine blocks that handler, as a get does:
 *     the handler gives back its slot, and a wait that can never end is rejected.
 */
export class ClientWaits {
  readonly #parts: ClientWaitsParts;

  constructor(parts: ClientWaitsParts) {
    this.#parts = parts;
  }

  /** Tells whether the code that runs now was started by a handler that is still running. */
  get isInHandler(): boolean {
    return this.#runningHandler() !== undefined;
  }

  listen(key: string): ReplyListener {
    const { lifecycle, listeners } = this.#parts;
    const listening = listeners.listen(key);
    if (lifecycle.stopReason !== undefined) listeners.reject(key, lifecycle.stopReason);
    const running = this.#runningHandler();
    return running === undefined ? listening : this.#listenInHandler(running, key, listening);
  }

  /** Returns the message of the handler that started the code that runs now, while it runs. */
  #runningHandler(): Envelope | undefined {
    const envelope = currentActivation()?.envelope;
    if (envelope === undefined) return undefined;
    const running = this.#parts.mailboxes.runningAt(envelope.target)?.envelope;
    return running === envelope ? envelope : undefined;
  }

  /** Blocks the handler only if the reply has not come before the wait. */
  #listenInHandler(running: Envelope, key: string, early: KeptReply): ReplyListener {
    let stop = (): void => early.stop();
    return {
      wait: () => {
        if (early.hasEnded) return early.wait();
        stop();
        const blocked = this.#parts.blocking.listen(running, key);
        stop = () => blocked.stop();
        return blocked.wait();
      },
      stop: () => stop(),
    };
  }
}
