/** Some items of a list, and the place where the list goes on. */
export interface Page {
  /** Goes on with the list. `undefined` after the last item. */
  readonly cursor: string | undefined;
}

/**
 * A list that is read in pages. Awaiting it gives the first page. Iterating over it gives all items,
 * page by page.
 */
export type Pages<Read extends Page, Item> = Promise<Read> & AsyncIterable<Item>;

/**
 * Reads a list.
 *
 * @param readPage - reads the page at a cursor; without one, the first page
 * @param itemsOf - returns the items of a page
 */
export function pagesOf<Read extends Page, Item>(
  readPage: (cursor: string | undefined) => Promise<Read>,
  itemsOf: (page: Read) => readonly Item[],
): Pages<Read, Item> {
  const first = readPage(undefined);
  const iterable: AsyncIterable<Item> = {
    async *[Symbol.asyncIterator]() {
      for (let page = await first; ; page = await readPage(page.cursor)) {
        yield* itemsOf(page);
        if (page.cursor === undefined) return;
      }
    },
  };
  return Object.assign(first, iterable);
}
