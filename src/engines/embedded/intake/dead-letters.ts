import { UNDEFINED } from "../../../core/codec/encoded.ts";
import { HELD_WATCH } from "../../../core/activation/effects.ts";
import type { DeadLetter } from "../../../core/activation/effects.ts";
import type { Envelope } from "../../../core/message/envelope.ts";
import { HandbackError } from "../../../core/errors/errors.ts";
import type { GroupCommit } from "../commit/group-commit.ts";
import type { Lifecycle } from "../lifecycle/lifecycle.ts";
import type { Intake } from "./intake.ts";
import type { RequestIntake } from "./request-intake.ts";
import type { Store, StoredDeadLetter } from "../../../stores/store.ts";

/** Collaborators of {@link DeadLetters}. */
export interface DeadLettersParts {
  readonly store: Pick<Store, "readDeadLetters">;
  readonly lifecycle: Lifecycle;
  readonly commits: GroupCommit;
  readonly requests: RequestIntake;
  readonly intake: Intake;
}

/** Dead letters: messages that do not run again, unless a user redrives them. */
export class DeadLetters {
  readonly #parts: DeadLettersParts;

  constructor(parts: DeadLettersParts) {
    this.#parts = parts;
  }

  /** Lists the oldest dead letters, at most `limit`. */
  list(limit: number): readonly StoredDeadLetter[] {
    this.#parts.lifecycle.requireNotStopped();
    return this.#parts.store.readDeadLetters(limit);
  }

  /** Returns the dead letter of the message with this id. @throws `NOT_FOUND` */
  find(id: string): StoredDeadLetter {
    const { lifecycle, commits } = this.#parts;
    lifecycle.requireNotStopped();
    const letter = commits.deadLetter(id);
    if (letter === undefined)
      throw new HandbackError("NOT_FOUND", `there is no dead letter ${id}`, { details: { id } });
    return letter;
  }

  /**
   * Deletes the dead letter of the message with this id, and sends the replacement, if there is
   * one: both or neither.
   *
   * @throws `CLOSED`, `STORE_FULL`, `STORE_BUSY`; `STORE_FAILED` when the outcome is unknown
   */
  async deleteDeadLetter(id: string, replacement?: Envelope): Promise<void> {
    await this.#delete(id, () =>
      this.#parts.intake.send(replacement === undefined ? [] : [replacement]),
    );
  }

  /**
   * Deletes a dead letter, and lets its failure pass on to the consumers of its message: both or
   * neither. @throws as {@link DeadLetters.deleteDeadLetter}
   */
  async discardHeld(letter: DeadLetter): Promise<void> {
    await this.#delete(letter.envelope.id, () => this.#parts.intake.discard(letter));
  }

  /** Ends the watch of a held letter. */
  #stopWatching(id: string): void {
    const { commits, intake } = this.#parts;
    const { scope, target } = commits.deadLetter(id)?.envelope ?? {};
    if (scope !== undefined && target !== undefined)
      intake.unwatch({ scope, address: target, token: HELD_WATCH + id });
  }

  async #delete(id: string, then: () => void): Promise<void> {
    const { commits, requests } = this.#parts;
    const key = `dead-letter/${id}`;
    await requests.perform(key, () => {
      this.#stopWatching(id);
      commits.batch.deleteDeadLetter(id);
      commits.batch.replies.push({ key, payload: UNDEFINED });
      then();
    });
  }
}
