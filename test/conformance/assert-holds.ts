import type { EngineTest } from "../../src/testing/conformance/test-engine.ts";

/** Returns the tests of the suite as rows of a table, with their names first. */
export const byName = (tests: readonly EngineTest[]): readonly (readonly [string, EngineTest])[] =>
  tests.map((each) => [each.name, each]);

/** Runs a test of the suite. */
export const assertHolds = ({ run }: EngineTest): Promise<void> => run();
