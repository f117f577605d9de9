import { value } from "../../core/state/value.ts";
import type { ValueSpec } from "../../core/state/value.ts";
import type { Settlement } from "../../futures/types/future.ts";
import { PAGE, placeOf } from "./page.ts";
import type { Place } from "./page.ts";
import type { BranchOutcome } from "./report.ts";

/** How a branch ended that a window has judged, behind the number of its item. */
export type Judged = readonly [index: number, outcome: Settlement<unknown>];

/** Names a value of a window: what it judged lies in one for each place of a page, so that one is written at a time. */
type JudgedName = `judged${Place}`;

const NAMES = Array.from({ length: PAGE }, (_, at) => judgedAt(at));

/** The values of a window that hold what it has judged and not yet put away. */
export const JUDGED = Object.fromEntries(
  NAMES.map((name) => [name, value<Judged | null>(null)]),
) as Record<JudgedName, ValueSpec<Judged | null>>;

/** Names the value for what is judged when so many were judged before. */
export function judgedAt(before: number): JudgedName {
  return `judged${placeOf(before)}`;
}

/** The first `count` of what a window holds; behind that may lie what it has put away already. */
export function judgedOf(
  state: Readonly<Record<JudgedName, Judged | null>>,
  count: number,
): readonly Judged[] {
  return NAMES.slice(0, count)
    .map((name) => state[name])
    .filter((judged) => judged !== null);
}

/** What came of each of so many branches, in the order of their items; those that were not judged are cancelled. */
export function inOrder(
  branches: number,
  judged: readonly Judged[],
): readonly BranchOutcome<unknown>[] {
  const outcomes = Array.from({ length: branches }, (): BranchOutcome<unknown> => ({
    status: "cancelled",
  }));
  for (const [index, outcome] of judged) outcomes[index] = outcome;
  return outcomes;
}
