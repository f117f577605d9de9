import type { EngineTest } from "handback/testing";

/** Words of the cases that wait longest, in this order. */
const LONGEST = [
  /^each write of a value restarts/,
  /^an? (flow|state) is forgotten when/,
  /^keys belong to their flow/,
  /^a settlement is kept for its retention/,
  /^canceling an escaped future/,
  /^a wait ends at its timeout/,
  /^handles kept in state become futures/,
  /^a handle is returned at once/,
  /^`first` returns the first values/,
  /^a delayed message is/,
  /^tokens of different addresses/,
  /^a second pending message with the same token/,
  /^a losing future that is also used/,
  /^a future in two races/,
  /^sleepers wake in the order/,
  /^`first` is rejected with the failures/,
];

/** Returns the tests, with those that wait longest first, so that a run ends soon after the others. */
export function longestFirst(tests: readonly EngineTest[]): readonly EngineTest[] {
  const rank = ({ name }: EngineTest): number => {
    const found = LONGEST.findIndex((words) => words.test(name));
    return found < 0 ? LONGEST.length : found;
  };
  return tests.toSorted((a, b) => rank(a) - rank(b));
}
