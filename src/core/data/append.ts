/** Adds to a list, which need not be there yet. A push onto an empty one makes room for 17 items, and most lists here have one. */
export function append<Item>(list: Item[] | undefined, item: Item): Item[] {
  if (list === undefined || list.length === 0) return [item];
  list.push(item);
  return list;
}
