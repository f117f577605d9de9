/** Most items a chunk holds before it is split in two. */
const CHUNK = 512;

/**
 * Items in the order of a comparison: cheap to add, to remove, and to read from any place on.
 *
 * A list of short sorted arrays: two binary searches find a place, and a change moves at most {@link CHUNK} items.
 * - O1: no chunk is empty;
 * - O2: items ascend within each chunk, and from chunk to chunk.
 */
export class OrderedSet<Item extends object> {
  readonly #compare: (one: Item, other: Item) => number;
  readonly #chunks: Item[][] = [];

  /** Makes an empty set; `compare` is a total order that gives 0 only for what counts as the same item. */
  constructor(compare: (one: Item, other: Item) => number) {
    this.#compare = compare;
  }

  /** Adds an item; the same item must not be there. */
  add(item: Item): void {
    // What comes last, as most does, needs no search.
    const last = this.#chunks[this.#chunks.length - 1];
    const greatest = last?.[last.length - 1];
    if (
      last !== undefined &&
      greatest !== undefined &&
      last.length < CHUNK &&
      this.#compare(greatest, item) < 0
    ) {
      last.push(item);
      return;
    }
    const rowId = Math.min(this.#placeOf(item), this.#chunks.length - 1);
    const chunk = this.#chunks[rowId];
    if (chunk === undefined) {
      this.#chunks.push([item]);
      return;
    }
    chunk.splice(this.#indexOf(item, chunk), 0, item);
    if (chunk.length > CHUNK) this.#chunks.splice(rowId + 1, 0, chunk.splice(CHUNK / 2));
  }

  /** Removes an item; one that is not there changes nothing. */
  delete(item: Item): void {
    const rowId = this.#placeOf(item);
    const chunk = this.#chunks[rowId];
    if (chunk === undefined) return;
    const index = this.#indexOf(item, chunk);
    const found = chunk[index];
    if (found === undefined || this.#compare(found, item) !== 0) return;
    chunk.splice(index, 1);
    if (chunk.length === 0) this.#chunks.splice(rowId, 1);
  }

  /** The least item, if there is one. */
  first(): Item | undefined {
    return this.#chunks[0]?.[0];
  }

  /** How many items there are. */
  get size(): number {
    return this.#chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  /**
   * Reads at most `limit` items in order: from the first that is `reached` to the last that is not yet `past`.
   * Whatever is true of an item here must be true of every greater one.
   */
  read(
    limit: number,
    reached: (item: Item) => boolean,
    past: (item: Item) => boolean,
  ): readonly Item[] {
    const found: Item[] = [];
    const first = partitionPoint(this.#chunks, (chunk) => chunk.slice(-1).some(reached));
    for (let rowId = first; rowId < this.#chunks.length && found.length < limit; rowId++) {
      const chunk = this.#chunks[rowId] ?? [];
      const start = rowId === first ? partitionPoint(chunk, reached) : 0;
      const end = Math.min(partitionPoint(chunk, past), start + limit - found.length);
      found.push(...chunk.slice(start, end));
      if (end < chunk.length) break;
    }
    return found;
  }

  /** The first chunk that may hold the item. */
  #placeOf(item: Item): number {
    return partitionPoint(this.#chunks, (chunk) => {
      const greatest = chunk[chunk.length - 1];
      return greatest !== undefined && this.#compare(greatest, item) >= 0;
    });
  }

  #indexOf(item: Item, chunk: readonly Item[]): number {
    return partitionPoint(chunk, (other) => this.#compare(other, item) >= 0);
  }
}

/** Index of the first element that is `reached`, given that all after it are too; the length when none is. */
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
