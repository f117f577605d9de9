import type { StateReader } from "../../../core/activation/activation.ts";
import type { Address } from "../../../core/message/address.ts";
import type { NamedValue, StoredValue } from "../../../core/activation/effects.ts";

/**
 * One named value in memory: as handlers see it, and as it is on disk.
 *
 * Objects of a class, in a chain, for they come by the thousand. Where literals and lists are made that live long at first, V8 takes to making
 * all of them among the old, where those that soon die keep what they refer to until the next full collection (measured: up to a third more time).
 */
export class CachedValue {
  readonly state: AddressState;
  readonly name: string;
  /** Another value of the address. */
  readonly next: CachedValue | undefined;
  current: StoredValue | undefined = undefined;
  committed: StoredValue | undefined = undefined;
  /** The store's number for it; none when it is not there, as of the last batch that was handed over. */
  rowId: number | undefined = undefined;
  /** The batch that gathers a write of it; known by its identity alone. */
  batch: object | undefined = undefined;
  /** A message tells the value: the store need not hold it. */
  isDerived = false;

  constructor(state: AddressState, name: string, next: CachedValue | undefined) {
    this.state = state;
    this.name = name;
    this.next = next;
  }
}

/** Begins the types of system functions. */
const SYSTEM = "_sys/";

/** The values of one address in memory. They are few: they are found faster one by one than by a map. */
export class AddressState implements StateReader {
  readonly address: Address;
  #last: CachedValue | undefined;
  /** Writes in batches not yet committed; while there are any, it must stay in memory. */
  pins = 0;

  constructor(address: Address) {
    this.address = address;
  }

  /** Names of the values that are there, or were. */
  get names(): readonly string[] {
    const names: string[] = [];
    for (let slot = this.#last; slot !== undefined; slot = slot.next) names.push(slot.name);
    return names;
  }

  /** Whether it is gone, or only kept to be looked up, as what system functions leave for a time. */
  get isOver(): boolean {
    const isSystem = this.address.type.startsWith(SYSTEM);
    for (let slot = this.#last; slot !== undefined; slot = slot.next) {
      if (slot.current !== undefined && !(isSystem && slot.current.expiresAt !== undefined))
        return false;
    }
    return true;
  }

  read(name: string): StoredValue | undefined {
    return this.#find(name)?.current;
  }

  valueFor(name: string): CachedValue {
    return this.#find(name) ?? this.#add(name, undefined);
  }

  /** Takes note of a value that the store holds. */
  load(name: string, value: StoredValue, rowId: number): void {
    this.#add(name, value).rowId = rowId;
  }

  /** Takes note of a value that a message tells, which holds unless the store has another. */
  loadDerived(name: string, value: StoredValue): void {
    if (this.#find(name) === undefined) this.#add(name, value).isDerived = true;
  }

  /** What is committed, for readers from outside. */
  committed(): readonly NamedValue[] {
    const values: NamedValue[] = [];
    for (let slot = this.#last; slot !== undefined; slot = slot.next) {
      if (slot.committed !== undefined) values.push({ name: slot.name, value: slot.committed });
    }
    return values;
  }

  #find(name: string): CachedValue | undefined {
    for (let slot = this.#last; slot !== undefined; slot = slot.next)
      if (slot.name === name) return slot;
    return undefined;
  }

  #add(name: string, value: StoredValue | undefined): CachedValue {
    const slot = new CachedValue(this, name, this.#last);
    slot.current = value;
    slot.committed = value;
    return (this.#last = slot);
  }
}

/** What a function without values reads. */
export const NO_STATE = new AddressState({ type: "", id: "" });
