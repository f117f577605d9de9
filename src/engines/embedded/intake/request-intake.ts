import { activate } from "../../../core/activation/activate.ts";
import type { Cause } from "../../../core/activation/activation.ts";
import type { Address } from "../../../core/message/address.ts";
import { PendingReplies } from "../../../core/engine/pending-replies.ts";
import type { Definition } from "../../../core/activation/definition.ts";
import type { Reply } from "../../../core/activation/effects.ts";
import type { Envelope } from "../../../core/message/envelope.ts";
import type { HandbackError } from "../../../core/errors/errors.ts";
import type { Admission } from "./admission.ts";

/** What taking requests depends on. */
export interface RequestIntakeParts {
  readonly definitions: ReadonlyMap<string, Definition>;
  readonly backlog: Admission;
  /** Why none can be taken at all. */
  readonly refusal: () => HandbackError | undefined;
  readonly cause: (definition: Definition, request: Envelope) => Cause;
  /** Handles a request in the batch that gathers. */
  readonly handle: (request: Envelope) => void;
  /** Runs a step of the work, and answers for its failure. */
  readonly guard: (step: () => void) => void;
}

/**
 * Requests of clients: each is taken or refused at once, and whoever made it waits for what becomes of it.
 *
 * RQ1 One that is refused has changed nothing, and never will.
 * RQ2 When too much waits to be handled, what begins more is refused. Nothing else is: what was accepted is promised, and so is what
 *     comes of it, and whoever completes it.
 */
export class RequestIntake {
  readonly #parts: RequestIntakeParts;
  readonly #replies = new PendingReplies();

  constructor(parts: RequestIntakeParts) {
    this.#parts = parts;
  }

  /** @param begins - it begins work, rather than completes some */
  ask(request: Envelope, key: string, begins: boolean): Promise<Reply> {
    const answer = this.#replies.wait(key);
    this.#parts.guard(() => {
      const refusal = this.#parts.refusal() ?? (begins ? this.#overload(request) : undefined);
      if (refusal === undefined) this.#parts.handle(request);
      else this.#replies.reject(key, refusal);
    });
    return answer;
  }

  /** Does what the answer of `key` comes of, without a message for it. */
  perform(key: string, step: () => void): Promise<Reply> {
    const answer = this.#replies.wait(key);
    this.#parts.guard(() => {
      const refusal = this.#parts.refusal();
      if (refusal === undefined) step();
      else this.#replies.reject(key, refusal);
    });
    return answer;
  }

  /** Tells whether it is the answer to a request. */
  give(answer: Reply): boolean {
    return this.#replies.deliver(answer);
  }

  /** Rejects all that wait. */
  end(error: HandbackError): void {
    this.#replies.rejectAll(error);
  }

  #overload(request: Envelope): HandbackError | undefined {
    return this.#parts.backlog.refusal(() => this.#addedTo(request));
  }

  /** The addresses that a request adds messages to. It is handled for nothing to find out: system functions are pure. */
  #addedTo(request: Envelope): readonly Address[] {
    const { definitions, cause } = this.#parts;
    const definition = definitions.get(request.target.type);
    if (definition === undefined) return [];
    const effects = activate(definition, cause(definition, request));
    if (effects instanceof Promise) return [];
    const targets = effects.sends
      .filter(({ dueAt }) => dueAt === undefined)
      .map(({ envelope }) => envelope.target);
    return targets.filter(({ type }) => definitions.get(type)?.system !== true);
  }
}
