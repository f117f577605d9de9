import type { Address } from "./address.ts";
import { TransientMap } from "../data/transient-map.ts";

/**
 * Values by address. Two nested maps need no joined key, which would be built and hashed on every
 * lookup.
 */
export class AddressMap<Value> {
  readonly #types = new Map<string, TransientMap<string, Value>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get({ type, id }: Address): Value | undefined {
    return this.#types.get(type)?.get(id);
  }

  has(address: Address): boolean {
    return this.get(address) !== undefined;
  }

  /** Adds a value at an address that has none. */
  add({ type, id }: Address, value: Value): void {
    let ids = this.#types.get(type);
    if (ids === undefined) this.#types.set(type, (ids = new TransientMap()));
    ids.set(id, value);
    this.#size++;
  }

  delete({ type, id }: Address): void {
    if (this.#types.get(type)?.delete(id) === true) this.#size--;
  }

  *values(): Generator<Value> {
    for (const ids of this.#types.values()) yield* ids.values();
  }
}
