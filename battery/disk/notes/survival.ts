/** A line of output of a process that stores numbers. */
export type Line =
  | { readonly what: "open" }
  /** It is about to store a number. */
  | { readonly what: "intend"; readonly number: number }
  /** The number was acknowledged. */
  | { readonly what: "ack"; readonly number: number }
  /** The number was rejected. */
  | { readonly what: "refused"; readonly number: number; readonly code: string }
  /** It read the stored numbers. With `code`, the read failed. */
  | { readonly what: "read"; readonly code?: string };

/** The result of comparing output and stored numbers. */
export interface Survival {
  /** Acknowledged numbers that are missing. */
  readonly lost: readonly number[];
  /** Numbers that survived although another number, acknowledged before their attempt, did not. */
  readonly outOfOrder: readonly { readonly survived: number; readonly lost: number }[];
  /** Stored numbers that were never tried, or were rejected. */
  readonly unheardOf: readonly number[];
}

/** Compares the surviving numbers with the output, in order. */
export function compareSurvivors(lines: readonly Line[], survivors: ReadonlySet<number>): Survival {
  const lost: number[] = [];
  const outOfOrder: { survived: number; lost: number }[] = [];
  const possible = new Set<number>();
  for (const line of lines) {
    const before = lost[0];
    if (line.what === "intend") {
      possible.add(line.number);
      if (survivors.has(line.number) && before !== undefined)
        outOfOrder.push({ survived: line.number, lost: before });
    }
    if (line.what === "refused") possible.delete(line.number);
    if (line.what === "ack" && !survivors.has(line.number)) lost.push(line.number);
  }
  return { lost, outOfOrder, unheardOf: [...survivors].filter((number) => !possible.has(number)) };
}
