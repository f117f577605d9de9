import type { Address } from "../../../core/message/address.ts";
import { AddressMap } from "../../../core/message/address-map.ts";
import type { Json } from "../../../core/data/json.ts";
import type { NamedValue } from "../../../core/activation/effects.ts";
import { AddressState } from "./address-state.ts";
import type { Store } from "../../../stores/store.ts";

/** Finds values that messages carry, so the store does not hold them. */
export interface DerivedValueSource {
  /** Returns the value of the address that a message carries. */
  at(address: Address): NamedValue | undefined;
}

/**
 * State in memory, loaded on demand, in two generations. A state that is used moves to the young
 * one. When that is full, it becomes the old one, and the states that were not used meanwhile are
 * evicted. Each access takes constant time and keeps no order.
 */
export class StateCache {
  readonly #store: Pick<Store, "readState">;
  readonly #derived: DerivedValueSource;
  readonly #half: number;
  #young = new AddressMap<AddressState>();
  #old = new AddressMap<AddressState>();
  #ageAt: number;
  /** Row ids of values that are being deleted: the store may still return them. */
  readonly #hidden = new Set<number>();

  /**
   * @param limit approximate number of addresses to hold; states with uncommitted writes stay
   * beyond it
   */
  constructor(store: Pick<Store, "readState">, derived: DerivedValueSource, limit: number) {
    this.#store = store;
    this.#derived = derived;
    this.#half = Math.max(1, limit >> 1);
    this.#ageAt = this.#half;
  }

  /** Tells whether the state of an address is in memory. */
  has(address: Address): boolean {
    return this.#young.has(address) || this.#old.has(address);
  }

  /** Returns the state of an address if it is in memory, without noting the access. */
  peek(address: Address): AddressState | undefined {
    return this.#young.get(address) ?? this.#old.get(address);
  }

  /** Hides a value that is being deleted and is not in memory. */
  hideWhileDeleting(rowId: number): void {
    this.#hidden.add(rowId);
  }

  /** Ends the hiding of a value once it is deleted. */
  unhide(rowId: number): void {
    this.#hidden.delete(rowId);
  }

  /**
   * Returns the state of an address for reading and writing. With `fresh`, the store cannot hold
   * any of it.
   */
  open(address: Address, fresh = false): AddressState {
    const young = this.#young.get(address);
    if (young !== undefined) return young;
    const state =
      this.#old.get(address) ?? (fresh ? new AddressState(address) : this.#load(address));
    this.#young.add(address, state);
    if (this.#young.size >= this.#ageAt) this.#age();
    return state;
  }

  /** Reads control data of a system function as it is now. */
  readControl(address: Address, name: string): Json | undefined {
    return this.open(address).read(name)?.content.json;
  }

  /** Evicts a state that no batch writes any more, if it is over. */
  evictIfDone(state: AddressState): void {
    if (!state.isOver) return;
    this.#young.delete(state.address);
    this.#old.delete(state.address);
  }

  #load(address: Address): AddressState {
    const state = new AddressState(address);
    for (const { name, value, rowId } of this.#store.readState(address))
      if (!this.#hidden.has(rowId)) state.load(name, value, rowId);
    const derived = this.#derived.at(address);
    if (derived !== undefined) state.loadDerived(derived.name, derived.value);
    return state;
  }

  #age(): void {
    const pinned = new AddressMap<AddressState>();
    for (const state of this.#old.values()) if (state.pins > 0) pinned.add(state.address, state);
    this.#old = this.#young;
    this.#young = pinned;
    // Pinned states may fill a generation. Aging at the next access would scan all of them each
    // time.
    this.#ageAt = Math.max(this.#half, 2 * pinned.size);
  }
}
