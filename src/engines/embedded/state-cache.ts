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

/** What a function without values reads. */
export const NO_STATE: StateReader = { read: () => undefined };

/**
 * Addresses' values in memory, loaded on demand, in two generations: what is used moves to the young one; when that is full
 * it becomes the old one, and what was not used meanwhile is forgotten. Constant time, and no order to keep.
 */
export class StateCache {
  readonly #store: Pick<Store, "readState">;
  readonly #half: number;
  #young = new Map<string, AddressState>();
  #old = new Map<string, AddressState>();
  #ageAt: number;

  /** @param limit how many addresses are held, about; those being written are held beyond it */
  constructor(store: Pick<Store, "readState">, limit: number) {
    this.#store = store;
    this.#half = Math.max(1, limit >> 1);
    this.#ageAt = this.#half;
  }

  /** The values of an address, to be read and written; `fresh` when none of them can be in the store. */
  open(address: Address, fresh = false): AddressState {
    const key = addressKey(address);
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const state = this.#old.get(key) ?? (fresh ? new AddressState(address) : this.#load(address));
    this.#young.set(key, state);
    if (this.#young.size >= this.#ageAt) this.#age();
    return state;
  }

  #load(address: Address): AddressState {
    const state = new AddressState(address);
    for (const { name, text, expiresAt } of this.#store.readState(address)) {
      const value = expiresAt === undefined ? { content: decodeContent(text) } : { content: decodeContent(text), expiresAt };
      state.slots.set(name, { current: value, committed: value, writing: 0 });
    }
    return state;
  }

  #age(): void {
    const pinned = [...this.#old].filter(([, state]) => state.pins > 0);
    this.#old = this.#young;
    this.#young = new Map(pinned);
    // Those being written may fill a generation: ageing again at once would look at all of them with every access.
    this.#ageAt = Math.max(this.#half, 2 * pinned.length);
  }
}
