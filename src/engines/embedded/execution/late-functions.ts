import type { Definition } from "../../../core/activation/definition.ts";
import type { Store } from "../../../stores/store.ts";
import type { GroupCommit } from "../commit/group-commit.ts";
import type { Dispatcher } from "../dispatch/dispatcher.ts";
import type { MessageDelivery } from "./message-delivery.ts";
import type { Unregistered } from "../mailboxes/unregistered.ts";
import type { Lifecycle } from "../lifecycle/lifecycle.ts";

/** Messages read at a time. */
const CHUNK = 4096;

/** Collaborators of {@link LateFunctions}. */
export interface LateFunctionsParts {
  readonly store: Pick<Store, "readMessages" | "renameStates">;
  /** The functions of the engine. New ones are added here. */
  readonly definitions: Map<string, Definition>;
  readonly lifecycle: Lifecycle;
  readonly commits: Pick<GroupCommit, "onceStoreIsKnown" | "removes">;
  readonly unregistered: Unregistered;
  readonly delivery: MessageDelivery;
  readonly dispatcher: Dispatcher;
}

/**
 * Adds functions to an engine that runs.
 *
 * LF1 A function takes over the states of its former names first. It is known, and gets the messages
 *     that were parked for it, in one step in which the store holds no commit that memory does not
 *     know: then each stored message for it is parked, and each later one is delivered after them.
 */
export class LateFunctions {
  readonly #parts: LateFunctionsParts;

  constructor(parts: LateFunctionsParts) {
    this.#parts = parts;
  }

  /** Adds functions, by type. None of the types is known. @throws `CLOSED`, `STORE_FULL` */
  async add(added: ReadonlyMap<string, Definition>): Promise<void> {
    for (const { type, aliases = [] } of new Set(added.values()))
      for (const alias of aliases)
        await this.#onceStoreIsKnown(() => this.#parts.store.renameStates(alias, type));
    await this.#onceStoreIsKnown(() => {
      const { definitions, lifecycle, dispatcher } = this.#parts;
      for (const [type, definition] of added) definitions.set(type, definition);
      lifecycle.run(() => this.#deliverParked(added));
      dispatcher.dispatch();
    });
  }

  #onceStoreIsKnown(step: () => void | Promise<void>): Promise<void> {
    const { commits, lifecycle } = this.#parts;
    return commits.onceStoreIsKnown(() => {
      if (lifecycle.refusal !== undefined) throw lifecycle.refusal;
      return step();
    });
  }

  #deliverParked(added: ReadonlyMap<string, Definition>): void {
    const { store, commits, unregistered, delivery } = this.#parts;
    for (let after = -1, read = CHUNK; read === CHUNK;) {
      const messages = store.readMessages(after, CHUNK);
      read = messages.length;
      after = messages.at(-1)?.seq ?? after;
      for (const message of messages) {
        const { type } = message.envelope.target;
        if (!added.has(type) || commits.removes(message.seq)) continue;
        unregistered.remove(type);
        delivery.deliver(message);
      }
    }
  }
}
