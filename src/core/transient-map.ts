/** Entries that are added before the map takes a new table, unless it holds many. */
const TURN = 1_024;

/**
 * A map whose entries come and go. In a plain `Map` of V8 each table that was outgrown or thinned out leads to the next one; an old one
 * that the garbage collector has moved aside keeps alive all that came after, so every collection copies what is long gone (measured:
 * 17 ms in place of 1 ms). Here tables do not lead to each other: a new one is begun every so often, and what is left of the one before
 * the last moves there.
 */
export class TransientMap<Key, Value> {
  #young = new Map<Key, Value>();
  #old = new Map<Key, Value>();
  #left = TURN;

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get(key: Key): Value | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  set(key: Key, value: Value): void {
    this.#old.delete(key);
    this.add(key, value);
  }

  /** As {@link set}, for a key that is not there. */
  add(key: Key, value: Value): void {
    this.#young.set(key, value);
    if (--this.#left === 0) this.#turn();
  }

  /** Tells whether there was something to delete. */
  delete(key: Key): boolean {
    return this.#young.delete(key) || this.#old.delete(key);
  }

  clear(): void {
    this.#old = new Map();
    this.#young = new Map();
  }

  *keys(): Generator<Key> {
    yield* this.#old.keys();
    yield* this.#young.keys();
  }

  *values(): Generator<Value> {
    yield* this.#old.values();
    yield* this.#young.values();
  }

  #turn(): void {
    const next = new Map(this.#old);
    this.#old = this.#young;
    this.#young = next;
    this.#left = Math.max(TURN, 2 * this.size);
  }
}
