import { UNDEFINED } from "../../../core/codec/encoded.ts";
import type { Envelope } from "../../../core/message/envelope.ts";
import { HandbackError } from "../../../core/errors/errors.ts";
import type { GroupCommit } from "../commit/group-commit.ts";
import type { RequestIntake } from "./request-intake.ts";
import type { Store, StoredDeadLetter } from "../../../stores/store.ts";

/** What dead letters depend on. */
export interface DeadLettersParts {
  readonly store: Pick<Store, "readDeadLetters" | "readDeadLetter">;
  readonly commits: GroupCommit;
  readonly requests: RequestIntake;
  /** Why the engine has stopped, if it has. */
  readonly stopped: () => HandbackError | undefined;
  /** Sends a message, if there is one, with what else there is to commit. */
  readonly send: (envelope: Envelope | undefined) => void;
}

/** Messages that will not run again, unless somebody sends them again. */
export class DeadLetters {
  readonly #parts: DeadLettersParts;

  constructor(parts: DeadLettersParts) {
    this.#parts = parts;
  }

  /** Oldest first, at most `limit`. */
  list(limit: number): readonly StoredDeadLetter[] {
    this.#requireRunning();
    return this.#parts.store.readDeadLetters(limit);
  }

  /** That of the message with this id. @throws `NOT_FOUND` */
  find(id: string): StoredDeadLetter {
    this.#requireRunning();
    const letter = this.#parts.commits.deletesDeadLetter(id)
      ? undefined
      : this.#parts.store.readDeadLetter(id);
    if (letter === undefined)
      throw new HandbackError("NOT_FOUND", `there is no dead letter ${id}`, { details: { id } });
    return letter;
  }

  /**
   * Takes away that of the message with this id, and sends a message in its place, if there is one: both or neither.
   * @throws `CLOSED`, `STORE_FULL`; rejects with `STORE_FAILED`: then it is not known whether it was done
   */
  async deleteDeadLetter(id: string, replacement?: Envelope): Promise<void> {
    const { commits, requests, send } = this.#parts;
    const key = `exhume/${id}`;
    await requests.perform(key, () => {
      commits.batch.deleteDeadLetter(id);
      commits.batch.replies.push({ key, payload: UNDEFINED });
      send(replacement);
    });
  }

  #requireRunning(): void {
    const stopped = this.#parts.stopped();
    if (stopped !== undefined) throw stopped;
  }
}
