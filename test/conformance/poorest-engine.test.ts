import { test } from "vitest";
import { testEngine } from "../../src/testing/conformance/test-engine.ts";
import { assertHolds, byName } from "./assert-holds.ts";
import { makePoorest, POOREST_MISSING } from "./poorest-under-test.ts";

const tests = testEngine({
  make: makePoorest(0.2),
  dispose: (engine) => engine.close(),
  missing: POOREST_MISSING,
  seeds: 4,
});

test.each(byName(tests))("%s", { timeout: 60_000 }, (_, each) => assertHolds(each));
