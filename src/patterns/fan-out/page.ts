/** Number of items, or outcomes, on a page. */
export const PAGE = 16;

/** Position on a page. */
export type PageSlot = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13 | 14 | 15;

/** Returns the page of the item with this index, from 0. */
export function pageOf(index: number): number {
  return Math.floor(index / PAGE);
}

/** Returns the position on its page of the item with this index. */
export function slotOf(index: number): PageSlot {
  return (index % PAGE) as PageSlot;
}

/** Returns the number of pages that this many items need. */
export function pageCount(items: number): number {
  return Math.ceil(items / PAGE);
}

/** Returns the id of the state that is a page of a window. */
export function pageId(window: string, page: number): string {
  return `${window}.${page}`;
}
