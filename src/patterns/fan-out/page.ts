/** How many items, or outcomes, lie on a page. */
export const PAGE = 16;

/** Where on a page an item, or an outcome, lies. */
export type Place = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13 | 14 | 15;

/** Number of the page on which the item of an index lies, from 0. */
export function pageOf(index: number): number {
  return Math.floor(index / PAGE);
}

/** Where on its page the item of an index lies. */
export function placeOf(index: number): Place {
  return (index % PAGE) as Place;
}

/** How many pages so many items take. */
export function pagesOf(items: number): number {
  return Math.ceil(items / PAGE);
}

/** Names the state that is a page of a window. */
export function pageId(window: string, page: number): string {
  return `${window}.${page}`;
}
