/** Maximum number of items in a chunk before it is split. */
const CHUNK = 512;

/**
 * A set of items in the order of a comparison. Adding, deleting, and reading from any position are
 * cheap.
 *
 * The items lie in a list of short sorted arrays. Two binary searches find an item, and a change
 * moves at most {@link CHUNK} items.
 * - O1: no chunk is empty;
 * - O2: items ascend within each chunk, and from chunk to chunk.
 */
export class OrderedSet<Item extends object> {
  readonly #compare: (one: Item, other: Item) => number;
  readonly #chunks: Item[][] = [];

  /** @param compare - a total order that returns 0 only for the same item */
  constructor(compare: (one: Item, other: Item) => number) {
    this.#compare = compare;
  }

  /** Adds an item, which the set must not contain. */
  add(item: Item): void {
    if (this.#append(item)) return;
    const chunkIndex = Math.min(this.#chunkIndexOf(item), this.#chunks.length - 1);
    const chunk = this.#chunks[chunkIndex];
    if (chunk === undefined) {
      this.#chunks.push([item]);
      return;
    }
    chunk.splice(this.#indexOf(item, chunk), 0, item);
    if (chunk.length > CHUNK) this.#chunks.splice(chunkIndex + 1, 0, chunk.splice(CHUNK / 2));
  }

  /** Adds an item without a search if it comes last, as most do. */
  #append(item: Item): boolean {
    const chunk = this.#chunks[this.#chunks.length - 1];
    const greatest = chunk?.[chunk.length - 1];
    if (chunk === undefined || greatest === undefined || chunk.length >= CHUNK) return false;
    if (this.#compare(greatest, item) >= 0) return false;
    chunk.push(item);
    return true;
  }

  /** Deletes an item. If the set does not contain it, nothing changes. */
  delete(item: Item): void {
    const chunkIndex = this.#chunkIndexOf(item);
    const chunk = this.#chunks[chunkIndex];
    if (chunk === undefined) return;
    const index = this.#indexOf(item, chunk);
    const found = chunk[index];
    if (found === undefined || this.#compare(found, item) !== 0) return;
    chunk.splice(index, 1);
    if (chunk.length === 0) this.#chunks.splice(chunkIndex, 1);
  }

  /** Returns the least item, if the set is not empty. */
  first(): Item | undefined {
    return this.#chunks[0]?.[0];
  }

  /** Number of items. */
  get size(): number {
    return this.#chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  /**
   * Reads at most `limit` items in order: from the first that is `reached` to the last that is not
   * `past`. If either is true of an item, it must be true of every greater one.
   */
  read(
    limit: number,
    reached: (item: Item) => boolean,
    past: (item: Item) => boolean,
  ): readonly Item[] {
    const found: Item[] = [];
    const first = partitionPoint(this.#chunks, (chunk) => chunk.slice(-1).some(reached));
    for (let at = first; at < this.#chunks.length && found.length < limit; at++) {
      const chunk = this.#chunks[at] ?? [];
      const start = at === first ? partitionPoint(chunk, reached) : 0;
      const end = Math.min(partitionPoint(chunk, past), start + limit - found.length);
      found.push(...chunk.slice(start, end));
      if (end < chunk.length) break;
    }
    return found;
  }

  /**
   * Reads at most `limit` items in reverse order, from the last that is not `past`. If it is true of
   * an item, it must be true of every greater one.
   */
  readBackward(limit: number, past: (item: Item) => boolean): readonly Item[] {
    const found: Item[] = [];
    const end = partitionPoint(this.#chunks, (chunk) => chunk.slice(0, 1).some(past));
    for (let at = end - 1; at >= 0 && found.length < limit; at--) {
      const chunk = this.#chunks[at] ?? [];
      const last = at === end - 1 ? partitionPoint(chunk, past) : chunk.length;
      const first = Math.max(0, last - (limit - found.length));
      found.push(...chunk.slice(first, last).toReversed());
    }
    return found;
  }

  /** Returns the index of the first chunk that may contain the item. */
  #chunkIndexOf(item: Item): number {
    return partitionPoint(this.#chunks, (chunk) => {
      const greatest = chunk[chunk.length - 1];
      return greatest !== undefined && this.#compare(greatest, item) >= 0;
    });
  }

  #indexOf(item: Item, chunk: readonly Item[]): number {
    return partitionPoint(chunk, (other) => this.#compare(other, item) >= 0);
  }
}

/** Compares two texts by their code units. */
export function compareText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

/**
 * Returns the index of the first element that is `reached`, or the length if none is. All elements
 * after it must be reached as well.
 */
function partitionPoint<Element extends object>(
  list: readonly Element[],
  reached: (element: Element) => boolean,
): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const element = list[middle];
    if (element === undefined || reached(element)) high = middle;
    else low = middle + 1;
  }
  return low;
}
