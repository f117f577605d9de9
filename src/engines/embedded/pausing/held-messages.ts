import { PAUSE_TYPE } from "../../../core/engine/pauses.ts";
import type { Address } from "../../../core/message/address.ts";
import { AddressMap } from "../../../core/message/address-map.ts";
import type { StoredMessage, StoreLists } from "../../../stores/store.ts";
import type { DeadlockSearch } from "../blocking/deadlock-search.ts";
import type { MessageIndex } from "../commit/message-index.ts";
import type { Mailboxes } from "../mailboxes/mailboxes.ts";
import type { Pauses } from "./pauses.ts";

/** Pauses read at a time when the engine starts. */
const CHUNK = 4_096;

/** Collaborators of {@link HeldMessages}. */
export interface HeldMessagesParts {
  readonly pauses: Pauses;
  readonly mailboxes: Mailboxes;
  readonly deadlocks: Pick<DeadlockSearch, "afterQueuing">;
  readonly messages: Pick<MessageIndex, "park">;
}

/** The held messages of one address, in the order of their arrival. */
interface HeldAt {
  readonly address: Address;
  messages: StoredMessage[];
}

/**
 * The messages that wait for the end of a pause. Each was the first of its mailbox when its turn
 * came.
 *
 * HM1 Held messages go back to the front of their mailbox, in their order, so that they come before
 *     all later ones. Those of one flow at one address are held together and go back together.
 * HM2 What is paused follows from the states of the system function, and from nothing else.
 */
export class HeldMessages {
  readonly #parts: HeldMessagesParts;
  readonly #byAddress = new AddressMap<HeldAt>();
  /** The addresses with messages that a pause holds, by the pause. */
  readonly #byPause = new Map<string, Set<HeldAt>>();

  constructor(parts: HeldMessagesParts) {
    this.#parts = parts;
  }

  /** Reads what is paused. */
  recover({ stateIds }: StoreLists): void {
    const { pauses } = this.#parts;
    let after: string | undefined;
    do {
      const ids = stateIds({ type: PAUSE_TYPE, idPrefix: "", after, limit: CHUNK });
      for (const id of ids) pauses.add(id);
      after = ids.length < CHUNK ? undefined : ids.at(-1);
    } while (after !== undefined);
  }

  /** Notes a write of a state. If it is that of a pause, the pause begins or ends with it. */
  stateWritten({ type, id }: Address, isDeleted: boolean): void {
    const { pauses } = this.#parts;
    if (type !== PAUSE_TYPE) return;
    if (!isDeleted) return pauses.add(id);
    pauses.delete(id);
    this.#release(id);
  }

  /** Holds a message if a pause wants that. Tells whether one does. */
  hold(message: StoredMessage): boolean {
    const { target } = message.envelope;
    const pause = this.#parts.pauses.holding(message.envelope);
    if (pause === undefined) return false;
    let at = this.#byAddress.get(target);
    if (at === undefined) this.#byAddress.add(target, (at = { address: target, messages: [] }));
    at.messages.push(message);
    this.#index(pause, at);
    return true;
  }

  /** Counts the held messages of an address. */
  sizeAt(address: Address): number {
    return this.#byAddress.get(address)?.messages.length ?? 0;
  }

  #index(pause: string, at: HeldAt): void {
    const known = this.#byPause.get(pause);
    if (known === undefined) this.#byPause.set(pause, new Set([at]));
    else known.add(at);
  }

  #release(pause: string): void {
    const addresses = this.#byPause.get(pause) ?? [];
    this.#byPause.delete(pause);
    for (const at of addresses) this.#releaseAt(at);
  }

  /** Puts the messages of an address back that no other pause holds. */
  #releaseAt(at: HeldAt): void {
    const free: StoredMessage[] = [];
    const held: StoredMessage[] = [];
    for (const message of at.messages) {
      const other = this.#parts.pauses.holding(message.envelope);
      if (other !== undefined) this.#index(other, at);
      (other === undefined ? free : held).push(message);
    }
    at.messages = held;
    if (held.length === 0) this.#byAddress.delete(at.address);
    this.#putBack(at.address, free);
  }

  #putBack(address: Address, messages: readonly StoredMessage[]): void {
    const { mailboxes, deadlocks, messages: index } = this.#parts;
    if (messages.length === 0 || !mailboxes.putBack(address, messages)) return;
    const isParked = mailboxes.whyParked(address) !== undefined;
    for (const message of messages) {
      deadlocks.afterQueuing(message.envelope);
      if (isParked) index.park(message);
    }
  }
}
