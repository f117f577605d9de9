import type { Address } from "../../../core/message/address.ts";
import { AddressMap } from "../../../core/message/address-map.ts";
import type { StoredMessage } from "../../../stores/store.ts";

/**
 * Counts the deliverable messages of a growing list by address. Each call counts only the messages
 * added since the last one, so a list that is never counted costs nothing. A message that is
 * removed from the list after it was counted stays counted.
 */
export class AddressCount {
  readonly #counts = new AddressMap<{ count: number }>();
  #counted = 0;

  /**
   * Returns the number of messages for the address. The list may have grown since the last call.
   */
  at(address: Address, list: readonly (StoredMessage | undefined)[]): number {
    for (; this.#counted < list.length; this.#counted++) {
      const message = list[this.#counted];
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
