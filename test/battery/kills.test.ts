import { expect, test } from "vitest";
import { runKills } from "../../battery/kills/kills.ts";
import { Tally } from "../../battery/trial/tally.ts";
import { temporaryDirectory } from "../stores/support/temporary-directory.ts";

const SEED = 5;
const ENDINGS = 8;

test("a store keeps all acknowledged work over every way in which a process ends: no loss, no duplicates, in order, in time", async () => {
  const tally = new Tally();
  await runKills(
    { seed: SEED, folder: temporaryDirectory(), until: Number.POSITIVE_INFINITY, tally },
    { endings: ENDINGS, busy: 200 },
  );
  expect({ failures: tally.failures, violations: tally.violations }).toEqual({
    failures: [],
    violations: [],
  });
  expect(tally.count("kills")).toBeGreaterThanOrEqual(ENDINGS / 2);
  expect(tally.count("secondOpens")).toBeGreaterThan(0);
  expect(tally.requests.acknowledged).toBeGreaterThan(100);
});
