/** A queue, first in, first out, in constant time. */
export class Queue<T> {
  #items: (T | undefined)[];
  #head = 0;

  /** @param items the first items; the queue takes the list over, without a copy */
  constructor(items: T[] = []) {
    this.#items = items;
  }

  get size(): number {
    return this.#items.length - this.#head;
  }

  /** Returns the first item, and leaves it. */
  peek(): T | undefined {
    return this.#items[this.#head];
  }

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): T | undefined {
    if (this.#head === this.#items.length) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    if (this.#head * 2 > this.#items.length && this.#head > 32) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  /** Adds an item at the front. */
  unshift(item: T): void {
    if (this.#head > 0) this.#items[--this.#head] = item;
    else this.#items.unshift(item);
  }

  /** Moves the item at `index` to the front. The others keep their order. */
  advance(index: number): void {
    if (index > 0) this.#items.splice(this.#head, 0, ...this.#items.splice(this.#head + index, 1));
  }

  *[Symbol.iterator](): Generator<T> {
    for (let at = this.#head; at < this.#items.length; at++) {
      const item = this.#items[at];
      if (item !== undefined) yield item;
    }
  }
}
