import { memory } from "handback";
import { test } from "vitest";
import { testEngine } from "../../src/testing/conformance/test-engine.ts";
import { assertHolds, byName } from "./assert-holds.ts";
import { dispose, makeEmbedded } from "./embedded-under-test.ts";

test.each(byName(testEngine({ make: makeEmbedded(memory), dispose })))("%s", (_, each) =>
  assertHolds(each),
);
