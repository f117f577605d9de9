import { expect, test, vi } from "vitest";
import { runThefts } from "../../battery/theft/lock-theft.ts";
import { anywhere, inProcess, theftOf } from "../../battery/theft/thefts.ts";
import { Tally } from "../../battery/trial/tally.ts";
import { temporaryDirectory } from "../stores/support/temporary-directory.ts";

// Processes start slowly on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

const SEED = 3;

test("each theft of a store is found by its description", () => {
  for (const theft of [...inProcess, ...anywhere]) expect(theftOf(theft.how)).toBe(theft);
});

test("a store whose lock or files are stolen keeps all acknowledged work", async () => {
  const tally = new Tally();
  await runThefts(
    { seed: SEED, folder: temporaryDirectory(), until: Number.POSITIVE_INFINITY, tally },
    { thefts: 3 },
  );
  expect({ failures: tally.failures, violations: tally.violations }).toEqual({
    failures: [],
    violations: [],
  });
  expect(tally.count("thefts")).toBeGreaterThan(0);
  expect(tally.requests.acknowledged).toBeGreaterThan(100);
});
