import type { StateReader } from "../../../core/activation/activation.ts";
import { isSystemType } from "../../../core/message/address.ts";
import type { Address } from "../../../core/message/address.ts";
import type { NamedValue, StoredValue } from "../../../core/activation/effects.ts";

/**
 * One named value in memory: as handlers see it, and as it is on disk.
 *
 * A linked list of class instances, because there are thousands. V8 allocates literals and arrays
 * in the old generation once those of one code location live long at first. There, short-lived
 * ones keep their references alive until the next full collection (measured: up to a third more
 * time).
 */
export class CachedValue {
  readonly state: AddressState;
  readonly name: string;
  /** The next value of the address in the linked list. */
  readonly next: CachedValue | undefined;
  current: StoredValue | undefined = undefined;
  committed: StoredValue | undefined = undefined;
  /**
   * The store's row id, as of the last batch handed over. Absent when the store does not hold the
   * value.
   */
  rowId: number | undefined = undefined;
  /** The value that the store holds once the batches handed over are committed. */
  stored: StoredValue | undefined = undefined;
  /** The batch that writes it, compared by identity only. */
  batch: object | undefined = undefined;
  /** Set while a message carries the value, so the store need not hold it. */
  isDerived = false;
  /** Set while a message carries the committed value, and the store does not hold it. */
  isCommittedDerived = false;

  constructor(state: AddressState, name: string, next: CachedValue | undefined) {
    this.state = state;
    this.name = name;
    this.next = next;
  }
}

/** The values of one address in memory. They are few, so a linear search is faster than a map. */
export class AddressState implements StateReader {
  readonly address: Address;
  #last: CachedValue | undefined;
  /** The number of its writes in uncommitted batches. While there are any, it stays in memory. */
  pins = 0;

  constructor(address: Address) {
    this.address = address;
  }

  /** The names of all values that are or were set. */
  get names(): readonly string[] {
    const names: string[] = [];
    for (let cached = this.#last; cached !== undefined; cached = cached.next)
      names.push(cached.name);
    return names;
  }

  /**
   * Tells whether it can leave memory: it is empty, or a system function keeps it for late lookups
   * only.
   */
  get isOver(): boolean {
    const isSystem = isSystemType(this.address.type);
    for (let cached = this.#last; cached !== undefined; cached = cached.next) {
      if (cached.current !== undefined && !(isSystem && cached.current.expiresAt !== undefined))
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

  /** Returns the value of this name, if it is or was set. */
  find(name: string): CachedValue | undefined {
    return this.#find(name);
  }

  /** Adds a value that the store holds. */
  load(name: string, value: StoredValue, rowId: number): void {
    const cached = this.#add(name, value);
    cached.rowId = rowId;
    cached.stored = value;
  }

  /** Adds a value that a message carries, unless the store holds a newer one. */
  loadDerived(name: string, value: StoredValue): void {
    if (this.#find(name) !== undefined) return;
    const cached = this.#add(name, value);
    cached.isDerived = cached.isCommittedDerived = true;
  }

  /** Returns the committed values, for readers outside of handlers. */
  committed(): readonly NamedValue[] {
    const values: NamedValue[] = [];
    for (let cached = this.#last; cached !== undefined; cached = cached.next) {
      if (cached.committed !== undefined)
        values.push({ name: cached.name, value: cached.committed });
    }
    return values;
  }

  #find(name: string): CachedValue | undefined {
    for (let cached = this.#last; cached !== undefined; cached = cached.next)
      if (cached.name === name) return cached;
    return undefined;
  }

  #add(name: string, value: StoredValue | undefined): CachedValue {
    const cached = new CachedValue(this, name, this.#last);
    cached.current = value;
    cached.committed = value;
    return (this.#last = cached);
  }
}

/** The state of a function without values. */
export const NO_STATE = new AddressState({ type: "", id: "" });
