import type { Address } from "../../../core/message/address.ts";
import { AddressMap } from "../../../core/message/address-map.ts";
import type { StoredMessage } from "../../../stores/store.ts";

/**
 * Counts the deliverable messages of a list by address. It looks at the list only when it is asked, and then from where it was before:
 * a list that nobody asks about costs nothing. What was taken out of the list after it was counted stays counted.
 */
export class AddressCount {
  readonly #counts = new AddressMap<{ count: number }>();
  #looked = 0;

  /** How many messages of `list` are for the address; the list may have grown since the last call. */
  at(address: Address, list: readonly (StoredMessage | undefined)[]): number {
    for (; this.#looked < list.length; this.#looked++) {
      const message = list[this.#looked];
      if (message !== undefined && message.dueAt === undefined) this.#add(message.envelope.target);
    }
    return this.#counts.get(address)?.count ?? 0;
  }

  #add(address: Address): void {
    const known = this.#counts.get(address);
    if (known === undefined) this.#counts.add(address, { count: 1 });
    else known.count++;
  }
}
