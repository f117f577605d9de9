import type { PendingReplies } from "../../../core/engine/pending-replies.ts";
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
}

/**
 * Takes requests of clients: each is accepted or refused at once, and its caller waits for the
 * reply.
 *
 * RQ1 A refused request has changed nothing, and never will.
 * RQ2 When the backlog is full, only requests that start work are refused. Accepted work is a
 *     promise, and so are its consequences and the requests that complete it.
 */
export class RequestIntake {
  readonly #parts: RequestIntakeParts;

  constructor(parts: RequestIntakeParts) {
    this.#parts = parts;
  }

  /** Handles a request and waits for its reply. */
  ask({ envelope, key, begins }: ClientRequest): Promise<Reply> {
    const { lifecycle, admission, intake, callers } = this.#parts;
    const reply = callers.wait(key);
    lifecycle.run(() => {
      const refusal =
        this.#refusal() ?? (begins === true ? admission.refusalOf(envelope) : undefined);
      if (refusal === undefined) intake.handle(envelope);
      else callers.reject(key, refusal);
    });
    return reply;
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
