import type { Sample } from "./sample.ts";

const MIB = 2 ** 20;

/** A measure in each sample. */
export type Measured = Exclude<keyof Sample, "atMs" | "operations">;

/** A measure that is judged. The others are only shown. */
type Bounded = Exclude<Measured, "otherHeaps" | "resident">;

/** Bounds relative to the first sample. */
const MOST: Readonly<Record<Bounded, (first: number) => number>> = {
  heap: (first) => first + 8 * MIB,
  // A few come and go.
  descriptors: (first) => first + 2,
  handles: (first) => first + 4,
  threads: (first) => first,
  file: (first) => Math.max(1.5 * first, first + 8 * MIB),
  // It is truncated to 64 MiB, whatever its first size, and may exceed that a little before.
  log: () => 72 * MIB,
};

/** Returns the measures that grew, with their first sample beyond the bound. */
export function whatGrew(
  samples: readonly Sample[],
): readonly { readonly name: Bounded; readonly said: string }[] {
  const [first, ...others] = samples;
  if (first === undefined) return [];
  return Object.entries(MOST).flatMap(([key, mostOf]) => {
    const name = key as Bounded;
    const most = mostOf(first[name]);
    const beyond = others.find((sample) => sample[name] > most);
    if (beyond === undefined) return [];
    const after = `${Math.round(beyond.atMs / 1_000)} s and ${beyond.operations} operations`;
    return [
      {
        name,
        said: `was ${first[name]} at first and ${beyond[name]} after ${after}, where ${Math.floor(most)} would do`,
      },
    ];
  });
}

/** The course of a measure: first, last, and in between. */
export interface Course {
  readonly first: number;
  readonly last: number;
  readonly least: number;
  readonly most: number;
}

/** Sums up the course of a measure, over the samples that have it. */
export function courseOf(name: Measured, samples: readonly Sample[]): Course {
  const values = samples.flatMap((sample) => sample[name] ?? []);
  return {
    first: values[0] ?? 0,
    last: values.at(-1) ?? 0,
    least: Math.min(...values),
    most: Math.max(...values),
  };
}
