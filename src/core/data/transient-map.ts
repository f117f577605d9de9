/** Entries that are added before the map takes a new table, unless it holds many. */
const TURN = 1_024;

/**
 * A map whose entries come and go. In a plain `Map` of V8 each table that was outgrown or thinned out leads to the next one; an old one
 * that the garbage collector has moved aside keeps alive all that came after, so every collection copies what is long gone (measured:
 * 17 ms in place of 1 ms). Here a new map is begun every so often, and what is left of the one before moves there.
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

  /** Tells whether there was something to delete. */
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
