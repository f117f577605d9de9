import type { Environment } from "../../../core/activation/environment.ts";
import type { StoredMessage } from "../../../stores/store.ts";

/** Collaborators of {@link QueuedSince}. */
export interface QueuedSinceParts {
  readonly environment: Pick<Environment, "history" | "clock">;
}

/** The instants at which messages came to their mailboxes, for the history of their flows. */
export class QueuedSince {
  readonly #environment: QueuedSinceParts["environment"];
  readonly #instants = new WeakMap<StoredMessage, number>();

  constructor({ environment }: QueuedSinceParts) {
    this.#environment = environment;
  }

  /** Notes that a message is ready to be handled. An engine without history notes nothing. */
  note(message: StoredMessage): void {
    const { history, clock } = this.#environment;
    if (history !== undefined) this.#instants.set(message, clock.now());
  }

  /** Returns the instant (ms) at which a message was ready, if it was noted. */
  of(message: StoredMessage): number | undefined {
    return this.#environment.history === undefined ? undefined : this.#instants.get(message);
  }
}
