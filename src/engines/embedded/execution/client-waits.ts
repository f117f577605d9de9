import type { ReplyListener } from "../../../core/engine/engine.ts";
import type { PendingReplies } from "../../../core/engine/pending-replies.ts";
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

  listen(key: string): ReplyListener {
    const { lifecycle, mailboxes, listeners, blocking } = this.#parts;
    const envelope = currentActivation()?.envelope;
    const isInHandler =
      envelope !== undefined && mailboxes.runningAt(envelope.target)?.envelope === envelope;
    const listening = isInHandler ? blocking.listen(envelope, key) : listeners.listen(key);
    if (lifecycle.stopReason !== undefined) listeners.reject(key, lifecycle.stopReason);
    return listening;
  }
}
