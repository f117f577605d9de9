import type { StateReader } from "../../core/activation.ts";
import { addressKey } from "../../core/address.ts";
import type { Address } from "../../core/address.ts";
import { decodeContent } from "../../core/content.ts";
import type { StoredValue } from "../../core/effects.ts";
import type { Store } from "./store.ts";

/** One named value in memory: as handlers see it, and as it is on disk. */
export interface Slot {
  current: StoredValue | undefined;
  committed: StoredValue | undefined;
  /** Commits under way that write it. */
  writing: number;
}

/** The values of one address in memory. */
export class AddressState implements StateReader {
  readonly address: Address;
  readonly slots = new Map<string, Slot>();
  /** Batches not yet committed that write to it; while there are any, it must stay in memory. */
  pins = 0;

  constructor(address: Address) {
    this.address = address;
  }

  read(name: string): StoredValue | undefined {
    return this.slots.get(name)?.current;
  }

  slot(name: string): Slot {
    let slot = this.slots.get(name);
    if (slot === undefined) this.slots.set(name, (slot = { current: undefined, committed: undefined, writing: 0 }));
    return slot;
  }

  /** What is committed, for readers from outside. */
  committed(): Map<string, StoredValue> {
    const values = new Map<string, StoredValue>();
    for (const [name, { committed }] of this.slots) if (committed !== undefined) values.set(name, committed);
    return values;
  }
}

/**
 * Addresses' values in memory, loaded on demand; the least recently used go first, once they are clean.
 */
export class StateCache {
  readonly #store: Pick<Store, "readState">;
  readonly #limit: number;
  readonly #addresses = new Map<string, AddressState>();

  constructor(store: Pick<Store, "readState">, limit: number) {
    this.#store = store;
    this.#limit = limit;
  }

  /** The values of an address, to be read and written. */
  open(address: Address): AddressState {
    const key = addressKey(address);
    const known = this.#addresses.get(key);
    if (known !== undefined) {
      this.#addresses.delete(key);
      this.#addresses.set(key, known);
      return known;
    }
    const state = new AddressState(address);
    for (const { name, text, expiresAt } of this.#store.readState(address)) {
      const value = expiresAt === undefined ? { content: decodeContent(text) } : { content: decodeContent(text), expiresAt };
      state.slots.set(name, { current: value, committed: value, writing: 0 });
    }
    this.#addresses.set(key, state);
    if (this.#addresses.size > this.#limit) this.#evict();
    return state;
  }

  #evict(): void {
    let tries = 64;
    for (const [key, state] of this.#addresses) {
      if (state.pins === 0) this.#addresses.delete(key);
      if (--tries === 0 || this.#addresses.size <= this.#limit) return;
    }
  }
}
