import type { Address } from "../../../core/message/address.ts";
import { AddressMap } from "../../../core/message/address-map.ts";
import type { NamedValue } from "../../../core/activation/effects.ts";
import { AddressState } from "./address-state.ts";
import type { Store } from "../../../stores/store.ts";

/** The value of an address that a message tells. */
type DerivedValueAt = (address: Address) => NamedValue | undefined;

/**
 * Addresses' values in memory, loaded on demand, in two generations: what is used moves to the young one; when that is full
 * it becomes the old one, and what was not used meanwhile is forgotten. Constant time, and no order to keep.
 */
export class StateCache {
  readonly #store: Pick<Store, "readState">;
  readonly #impliedAt: DerivedValueAt;
  readonly #half: number;
  #young = new AddressMap<AddressState>();
  #old = new AddressMap<AddressState>();
  #ageAt: number;
  /** Numbers of values that are being deleted: they may still be there to be read. */
  readonly #unhide = new Set<number>();

  /** @param limit how many addresses are held, about; those being written are held beyond it */
  constructor(store: Pick<Store, "readState">, impliedAt: DerivedValueAt, limit: number) {
    this.#store = store;
    this.#impliedAt = impliedAt;
    this.#half = Math.max(1, limit >> 1);
    this.#ageAt = this.#half;
  }

  /** Whether the values of an address are in memory. */
  has(address: Address): boolean {
    return this.#young.has(address) || this.#old.has(address);
  }

  /** A value that is not in memory is being deleted. */
  hideWhileDeleting(rowId: number): void {
    this.#unhide.add(rowId);
  }

  /** It has been deleted. */
  unhide(rowId: number): void {
    this.#unhide.delete(rowId);
  }

  /** The values of an address, to be read and written; `fresh` when none of them can be in the store. */
  open(address: Address, fresh = false): AddressState {
    const young = this.#young.get(address);
    if (young !== undefined) return young;
    const state =
      this.#old.get(address) ?? (fresh ? new AddressState(address) : this.#load(address));
    this.#young.add(address, state);
    if (this.#young.size >= this.#ageAt) this.#age();
    return state;
  }

  /** No batch writes the state any more: one that is over need not be kept. */
  evictIfDone(state: AddressState): void {
    if (!state.isOver) return;
    this.#young.delete(state.address);
    this.#old.delete(state.address);
  }

  #load(address: Address): AddressState {
    const state = new AddressState(address);
    for (const { name, value, rowId } of this.#store.readState(address))
      if (!this.#unhide.has(rowId)) state.load(name, value, rowId);
    const implied = this.#impliedAt(address);
    if (implied !== undefined) state.loadDerived(implied.name, implied.value);
    return state;
  }

  #age(): void {
    const pinned = new AddressMap<AddressState>();
    for (const state of this.#old.values()) if (state.pins > 0) pinned.add(state.address, state);
    this.#old = this.#young;
    this.#young = pinned;
    // Those being written may fill a generation: ageing again at once would look at all of them with every access.
    this.#ageAt = Math.max(this.#half, 2 * pinned.size);
  }
}
