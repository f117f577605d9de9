import { sqlite } from "handback";
import { join } from "node:path";
import { test } from "vitest";
import { testEngine } from "../../src/testing/conformance/test-engine.ts";
import { temporaryDirectory } from "../stores/support/temporary-directory.ts";
import { assertHolds, byName } from "./assert-holds.ts";
import { dispose, makeEmbedded } from "./embedded-under-test.ts";

const make = makeEmbedded(() =>
  sqlite(join(temporaryDirectory(), "conformance.db"), { durability: "relaxed" }),
);

test.each(byName(testEngine({ make, dispose })))("%s", (_, each) => assertHolds(each));
