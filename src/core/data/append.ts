/**
 * Adds an item to a list, and creates the list if needed. Pushing onto an empty list makes room for
 * 17 items, and most lists here hold one.
 */
export function append<Item>(list: Item[] | undefined, item: Item): Item[] {
  if (list === undefined || list.length === 0) return [item];
  list.push(item);
  return list;
}
