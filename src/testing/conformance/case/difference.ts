import { isAnyDate, isAnyMap, isAnySet, isBytes } from "../../../core/data/kind.ts";
import { show } from "../../../core/errors/show.ts";

/**
 * The extent of a comparison: how much of a value must be as expected: all of it, or only the
 * properties that are named.
 */
export type Extent = "whole" | "part";

/**
 * Describes where and how a value differs from the expected one. Returns `undefined` if it does
 * not.
 *
 * Numbers are compared with `Object.is`. A property that is `undefined` equals one that is absent,
 * because the codec drops it. With the extent `part`, objects may have more properties than
 * expected; lists, maps and sets are still compared as a whole.
 */
export function describeDifference(
  got: unknown,
  expected: unknown,
  extent: Extent,
  path = "",
): string | undefined {
  if (Object.is(got, expected)) return undefined;
  const differs = `${pathPrefix(path)}expected ${show(expected)}, got ${show(got)}`;
  if (!isAnyObject(got) || !isAnyObject(expected)) return differs;
  if (isAnyDate(expected))
    return isAnyDate(got) && Object.is(got.getTime(), expected.getTime()) ? undefined : differs;
  if (isAnyMap(expected))
    return isAnyMap(got) ? differenceOfLists([...got], [...expected], extent, path) : differs;
  if (isAnySet(expected))
    return isAnySet(got) ? differenceOfLists([...got], [...expected], extent, path) : differs;
  if (isBytes(expected))
    return isBytes(got) ? differenceOfLists([...got], [...expected], extent, path) : differs;
  if (Array.isArray(expected))
    return Array.isArray(got) ? differenceOfLists(got, expected, extent, path) : differs;
  const isPlain = !Array.isArray(got) && !isAnyDate(got) && !isAnyMap(got) && !isAnySet(got);
  return isPlain ? differenceOfObjects(got, expected, extent, path) : differs;
}

function differenceOfLists(
  got: readonly unknown[],
  expected: readonly unknown[],
  extent: Extent,
  path: string,
): string | undefined {
  if (got.length !== expected.length)
    return `${pathPrefix(path)}expected ${expected.length} items, got ${got.length}`;
  return firstFound(expected, (each, index) =>
    describeDifference(got[index], each, extent, `${path}[${index}]`),
  );
}

function differenceOfObjects(
  got: object,
  expected: object,
  extent: Extent,
  path: string,
): string | undefined {
  const names = new Set([
    ...Object.keys(expected),
    ...(extent === "whole" ? Object.keys(got) : []),
  ]);
  const read = (from: object, name: string): unknown => Reflect.get(from, name);
  return firstFound([...names], (name) =>
    describeDifference(read(got, name), read(expected, name), extent, `${path}.${name}`),
  );
}

function firstFound<Item>(
  items: readonly Item[],
  find: (item: Item, index: number) => string | undefined,
): string | undefined {
  for (const [index, item] of items.entries()) {
    const found = find(item, index);
    if (found !== undefined) return found;
  }
  return undefined;
}

function pathPrefix(path: string): string {
  return path === "" ? "" : `at ${path}: `;
}

function isAnyObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
