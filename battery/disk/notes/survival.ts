/** A line of what a process said that notes numbers. */
export type Line =
  | { readonly what: "open" }
  /** It is about to note a number. */
  | { readonly what: "intend"; readonly number: number }
  /** It was told that the number is noted. */
  | { readonly what: "ack"; readonly number: number }
  /** It was told that the number is not. */
  | { readonly what: "refused"; readonly number: number; readonly code: string }
  /** It read what is noted; `code`: it could not. */
  | { readonly what: "read"; readonly code?: string };

/** What became of the numbers. */
export interface Survival {
  /** Acknowledged, and gone. */
  readonly lost: readonly number[];
  /** Survived, though the other one, acknowledged before this was even tried, did not. */
  readonly outOfOrder: readonly { readonly survived: number; readonly lost: number }[];
  /** There, though nobody tried to note them, or was told that it was not done. */
  readonly unheardOf: readonly number[];
}

/** Compares what survived with what was said, in order. */
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
