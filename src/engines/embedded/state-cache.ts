import type { StateReader } from "../../core/activation.ts";
import type { Address } from "../../core/address.ts";
import { AddressMap } from "../../core/address-map.ts";
import type { NamedValue, StoredValue } from "../../core/effects.ts";
import type { Store } from "./store.ts";

/** One named value in memory: as handlers see it, and as it is on disk. */
export interface Slot {
  readonly state: AddressState;
  readonly name: string;
  current: StoredValue | undefined;
  committed: StoredValue | undefined;
  /** The store's number for it; none when it is not there, as of the last batch that was handed over. */
  place: number | undefined;
  /** The batch that gathers a write of it; known by its identity alone. */
  gathering: object | undefined;
  /** A message tells the value: the store need not hold it. */
  isImplied: boolean;
}

/** Begins the types of system functions. */
const SYSTEM = "_sys/";

/** The values of one address in memory. */
export class AddressState implements StateReader {
  readonly address: Address;
  readonly #slots: Slot[] = [];
  /** Writes in batches not yet committed; while there are any, it must stay in memory. */
  pins = 0;

  constructor(address: Address) {
    this.address = address;
  }

  /** Names of the values that are there, or were. */
  get names(): readonly string[] {
    return this.#slots.map(({ name }) => name);
  }

  /** Whether it is gone, or only kept to be looked up, as what system functions leave for a time. */
  get isOver(): boolean {
    const isSystem = this.address.type.startsWith(SYSTEM);
    return this.#slots.every(({ current }) => current === undefined || (isSystem && current.expiresAt !== undefined));
  }

  read(name: string): StoredValue | undefined {
    return this.#find(name)?.current;
  }

  slot(name: string): Slot {
    return this.#find(name) ?? this.#add(name, undefined, undefined);
  }

  /** Takes note of a value that the store holds. */
  load(name: string, value: StoredValue, place: number): void {
    this.#add(name, value, place);
  }

  /** Takes note of a value that a message tells, which holds unless the store has another. */
  imply(name: string, value: StoredValue): void {
    if (this.#find(name) === undefined) this.#add(name, value, undefined).isImplied = true;
  }

  /** What is committed, for readers from outside. */
  committed(): readonly NamedValue[] {
    const values: NamedValue[] = [];
    for (const { name, committed } of this.#slots) if (committed !== undefined) values.push({ name, value: committed });
    return values;
  }

  /** An address has few values: they are found faster one by one than by a map. */
  #find(name: string): Slot | undefined {
    for (const slot of this.#slots) if (slot.name === name) return slot;
    return undefined;
  }

  #add(name: string, value: StoredValue | undefined, place: number | undefined): Slot {
    const slot: Slot = { state: this, name, current: value, committed: value, place, gathering: undefined, isImplied: false };
    this.#slots.push(slot);
    return slot;
  }
}

/** What a function without values reads. */
export const NO_STATE = new AddressState({ type: "", id: "" });

/** The value of an address that a message tells. */
type ImpliedAt = (address: Address) => NamedValue | undefined;

/**
 * Addresses' values in memory, loaded on demand, in two generations: what is used moves to the young one; when that is full
 * it becomes the old one, and what was not used meanwhile is forgotten. Constant time, and no order to keep.
 */
export class StateCache {
  readonly #store: Pick<Store, "readState">;
  readonly #impliedAt: ImpliedAt;
  readonly #half: number;
  #young = new AddressMap<AddressState>();
  #old = new AddressMap<AddressState>();
  #ageAt: number;
  /** Numbers of values that are being deleted: they may still be there to be read. */
  readonly #forgone = new Set<number>();

  /** @param limit how many addresses are held, about; those being written are held beyond it */
  constructor(store: Pick<Store, "readState">, impliedAt: ImpliedAt, limit: number) {
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
  forgo(place: number): void {
    this.#forgone.add(place);
  }

  /** It has been deleted. */
  forgone(place: number): void {
    this.#forgone.delete(place);
  }

  /** The values of an address, to be read and written; `fresh` when none of them can be in the store. */
  open(address: Address, fresh = false): AddressState {
    const young = this.#young.get(address);
    if (young !== undefined) return young;
    const state = this.#old.get(address) ?? (fresh ? new AddressState(address) : this.#load(address));
    this.#young.add(address, state);
    if (this.#young.size >= this.#ageAt) this.#age();
    return state;
  }

  /** No batch writes the state any more: one that is over need not be kept. */
  rest(state: AddressState): void {
    if (!state.isOver) return;
    this.#young.delete(state.address);
    this.#old.delete(state.address);
  }

  #load(address: Address): AddressState {
    const state = new AddressState(address);
    for (const { name, value, place } of this.#store.readState(address)) if (!this.#forgone.has(place)) state.load(name, value, place);
    const implied = this.#impliedAt(address);
    if (implied !== undefined) state.imply(implied.name, implied.value);
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
