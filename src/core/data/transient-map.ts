/** Number of additions before the map takes a new table, unless it holds many entries. */
const TURN = 1_024;

/**
 * A map for entries that come and go. In V8 each outgrown table of a plain `Map` links to the next
 * one. A table that the garbage collector has promoted then keeps all later tables alive, so every
 * collection copies long-gone entries (measured: 17 ms in place of 1 ms). This map starts a new
 * table every so often and moves the remaining entries there.
 */
export class TransientMap<Key, Value> {
  #map = new Map<Key, Value>();
  #left = TURN;

  get size(): number {
    return this.#map.size;
  }

  get(key: Key): Value | undefined {
    return this.#map.get(key);
  }

  set(key: Key, value: Value): void {
    this.#map.set(key, value);
    if (--this.#left === 0) this.#turn();
  }

  /** Deletes a key. Returns false if it was absent. */
  delete(key: Key): boolean {
    return this.#map.delete(key);
  }

  clear(): void {
    this.#map = new Map();
  }

  keys(): Iterable<Key> {
    return this.#map.keys();
  }

  values(): Iterable<Value> {
    return this.#map.values();
  }

  #turn(): void {
    this.#map = new Map(this.#map);
    this.#left = Math.max(TURN, 2 * this.size);
  }
}
