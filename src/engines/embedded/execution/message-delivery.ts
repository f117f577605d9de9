import type { Definition } from "../../../core/activation/definition.ts";
import type { StoredMessage } from "../../../stores/store.ts";
import type { Mailboxes } from "../mailboxes/mailboxes.ts";
import { resolveAlias } from "../mailboxes/resolve-alias.ts";
import type { Unregistered } from "../mailboxes/unregistered.ts";
import type { DeadlockSearch } from "./deadlock-search.ts";

/** Collaborators of {@link MessageDelivery}. */
export interface MessageDeliveryParts {
  readonly definitions: ReadonlyMap<string, Definition>;
  readonly mailboxes: Mailboxes;
  readonly unregistered: Unregistered;
  readonly deadlocks: DeadlockSearch;
}

/** Delivers durable messages to the mailboxes of their addresses. */
export class MessageDelivery {
  readonly #parts: MessageDeliveryParts;

  constructor(parts: MessageDeliveryParts) {
    this.#parts = parts;
  }

  /** Delivers a message. One for a function that is not registered stays in the store. */
  deliver(message: StoredMessage): void {
    const { definitions, mailboxes, unregistered, deadlocks } = this.#parts;
    const { type } = message.envelope.target;
    const definition = definitions.get(type);
    if (definition === undefined) {
      unregistered.add(type);
      return;
    }
    // A message to a former name of the function goes to its current one, where its state is.
    const current =
      definition.type === type
        ? message
        : { ...message, envelope: resolveAlias(message.envelope, definition) };
    if (mailboxes.deliver(current)) deadlocks.afterQueuing(current.envelope);
  }
}
