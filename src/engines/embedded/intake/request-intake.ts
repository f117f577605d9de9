import type { PendingReplies, ReplyWaiter } from "../../../core/engine/pending-replies.ts";
import type { Reply } from "../../../core/activation/effects.ts";
import type { ClientRequest } from "../../../core/engine/engine.ts";
import type { HandbackError } from "../../../core/errors/errors.ts";
import type { StoreOutage } from "../commit/store-outage.ts";
import type { Lifecycle } from "../lifecycle/lifecycle.ts";
import type { Admission } from "./admission.ts";
import type { Intake } from "./intake.ts";

/** Collaborators of {@link RequestIntake}. */
export interface RequestIntakeParts {
  readonly lifecycle: Lifecycle;
  readonly outage: Pick<StoreOutage, "refusal">;
  readonly admission: Admission;
  readonly intake: Intake;
  /** Callers that wait for the replies to their requests. */
  readonly callers: PendingReplies;
  /** Listeners for replies that another message causes. */
  readonly listeners: PendingReplies;
}

/**
 * Takes requests of clients: each is accepted or refused at once, and its caller waits for the
 * reply.
 *
 * RQ1 A refused request has changed nothing, and never will.
 * RQ2 When the backlog is full, only requests that start work are refused. Accepted work is a
 *     promise, and so are its consequences and the requests that complete it.
 * RQ3 During an outage, a caller that waits for an outcome is rejected only if its receipt has not
 *     come yet. After the receipt its work is durable.
 */
export class RequestIntake {
  readonly #parts: RequestIntakeParts;

  constructor(parts: RequestIntakeParts) {
    this.#parts = parts;
  }

  /** Handles a request and waits for its reply. */
  ask(request: ClientRequest): Promise<Reply> {
    const reply = this.#parts.callers.wait(request.key);
    this.#handle(request);
    return reply;
  }

  /**
   * Handles a request and waits for its reply or, once a receipt has come, for the reply of
   * `outcome`.
   */
  askForOutcome(request: ClientRequest, outcome: string): Promise<Reply> {
    const { callers, listeners } = this.#parts;
    return new Promise((resolve, reject) => {
      callers.receive(request.key, new OutcomeWaiter({ listeners, outcome, resolve, reject }));
      this.#handle(request);
    });
  }

  #handle({ envelope, key, begins }: ClientRequest): void {
    const { lifecycle, admission, intake, callers } = this.#parts;
    lifecycle.run(() => {
      const refusal =
        this.#refusal() ?? (begins === true ? admission.refusalOf(envelope) : undefined);
      if (refusal === undefined) intake.handle(envelope);
      else callers.reject(key, refusal);
    });
  }

  /** Runs a step that adds the reply of `key` to the current batch, and waits for that reply. */
  perform(key: string, step: () => void): Promise<Reply> {
    const { lifecycle, callers } = this.#parts;
    const reply = callers.wait(key);
    lifecycle.run(() => {
      const refusal = this.#refusal();
      if (refusal === undefined) step();
      else callers.reject(key, refusal);
    });
    return reply;
  }

  #refusal(): HandbackError | undefined {
    return this.#parts.lifecycle.refusal ?? this.#parts.outage.refusal;
  }
}

/** A caller that waits for an outcome, and where its reply will come. */
interface AwaitedOutcome extends ReplyWaiter {
  readonly listeners: PendingReplies;
  readonly outcome: string;
}

/** Waits among the callers for the reply to a request and, after a receipt, among the listeners. */
class OutcomeWaiter implements ReplyWaiter {
  readonly #awaited: AwaitedOutcome;

  constructor(awaited: AwaitedOutcome) {
    this.#awaited = awaited;
  }

  resolve(reply: Reply): void {
    const { listeners, outcome } = this.#awaited;
    if (reply.isReceipt === true) listeners.receive(outcome, this);
    else this.#awaited.resolve(reply);
  }

  reject(error: unknown): void {
    this.#awaited.reject(error);
  }
}
