/** From the first number to the last, all of them. */
export type Range = readonly [first: number, last: number];

/** The same numbers as ranges, as far as each follows the one before it: what a batch removes was mostly accepted one after the other. */
export function rangesOf(numbers: readonly number[]): readonly Range[] {
  const ranges: [first: number, last: number][] = [];
  let range: [first: number, last: number] | undefined;
  for (const number of numbers) {
    if (range !== undefined && number === range[1] + 1) range[1] = number;
    else ranges.push((range = [number, number]));
  }
  return ranges;
}
