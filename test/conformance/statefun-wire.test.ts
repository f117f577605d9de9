import { test } from "vitest";
import { testEngine } from "../../src/testing/conformance/test-engine.ts";
import { makeOnWire, WIRE_MISSING } from "../engines/statefun/cluster/wire-under-test.ts";
import { assertHolds, byName } from "./assert-holds.ts";

const tests = testEngine({
  make: makeOnWire(0.2),
  dispose: (engine) => engine.close(),
  missing: WIRE_MISSING,
  seeds: 2,
});

test.each(byName(tests))("%s", { timeout: 60_000 }, (_, each) => assertHolds(each));
