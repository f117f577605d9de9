/** All whole numbers from the first to the last. */
export type Range = readonly [first: number, last: number];

/**
 * Returns the same numbers as ranges, wherever each number follows the one before it. A batch
 * mostly removes messages that were accepted one after the other.
 */
export function rangesOf(numbers: readonly number[]): readonly Range[] {
  const ranges: [first: number, last: number][] = [];
  let range: [first: number, last: number] | undefined;
  for (const number of numbers) {
    if (range !== undefined && number === range[1] + 1) range[1] = number;
    else ranges.push((range = [number, number]));
  }
  return ranges;
}
