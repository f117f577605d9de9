import { value } from "../../core/state/value.ts";
import type { ValueSpec } from "../../core/state/value.ts";
import type { Settlement } from "../../futures/types/future.ts";
import { PAGE, slotOf } from "./page.ts";
import type { PageSlot } from "./page.ts";
import type { BranchOutcome } from "./report.ts";

/** The index of an item, and how its branch ended. */
export type IndexedOutcome = readonly [index: number, outcome: Settlement<unknown>];

/**
 * Name of a stored value with one outcome. There is one value for each slot of a page, so that only
 * one is written at a time. Stores have these names.
 */
type OutcomeValue = `judged${PageSlot}`;

const NAMES = Array.from({ length: PAGE }, (_, at) => outcomeValueAt(at));

/** The stored values of a window for the outcomes that are not on a page yet. */
export const OUTCOME_VALUES = Object.fromEntries(
  NAMES.map((name) => [name, value<IndexedOutcome | null>(null)]),
) as Record<OutcomeValue, ValueSpec<IndexedOutcome | null>>;

/** Returns the name of the value for the outcome that follows this many others. */
export function outcomeValueAt(settled: number): OutcomeValue {
  return `judged${slotOf(settled)}`;
}

/**
 * Returns the first `count` outcomes of a window. Later values may hold outcomes already on a page.
 */
export function heldOutcomes(
  state: Readonly<Record<OutcomeValue, IndexedOutcome | null>>,
  count: number,
): readonly IndexedOutcome[] {
  return NAMES.slice(0, count)
    .map((name) => state[name])
    .filter((outcome) => outcome !== null);
}

/** Returns the outcomes in the order of the items. A branch without one was canceled. */
export function outcomesInOrder(
  branches: number,
  settled: readonly IndexedOutcome[],
): readonly BranchOutcome<unknown>[] {
  const outcomes = Array.from({ length: branches }, (): BranchOutcome<unknown> => ({
    status: "cancelled",
  }));
  for (const [index, outcome] of settled) outcomes[index] = outcome;
  return outcomes;
}
