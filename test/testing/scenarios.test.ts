import { everyCrash, simulate } from "handback/testing";
import type { Simulated } from "handback/testing";
import { describe, expect, test } from "vitest";
import { comparable } from "../../src/testing/simulation/run/comparable.ts";
import type { VirtualClock } from "../../src/testing/simulation/machine/virtual-clock.ts";
import type { Scenario } from "../durability/support/every-commit.ts";
import * as scenarios from "../durability/support/scenarios.ts";

const FAULTS = { crash: 0.15, redeliver: 0.1, reorder: true, slowCommit: true };
const SEEDS = 20;

/** Sinks count over all runs, so a sink that fails at first does so only in the first run. */
const { egress: _, ...others } = scenarios;
const all: readonly (readonly [string, () => Scenario<unknown>])[] = Object.entries(others);

/** Runs a scenario's script, then its delayed messages. Scenarios keep nothing longer than this. */
async function play(t: Simulated, { script }: Scenario<unknown>): Promise<unknown> {
  const clock = { now: () => t.clock.now(), work: (ms: number) => t.advance(ms) } as VirtualClock;
  const result = await script(t.client, clock);
  await t.idle("50m");
  return result;
}

describe("the workflows of the durability tests", () => {
  test.each(all)("%s has the same outcome through every crash", async (_, make) => {
    const scenario = make();
    const { functions, options } = scenario.world;
    const { egress = {} } = options ?? {};
    const report = await everyCrash({ functions, egress, settle: 0 }, (t) => play(t, scenario));
    expect(report.points).toBe(2 * report.run.commits);
  });

  test.each(all)(
    "%s ends under all faults, with the same outcome unless it depends on time",
    async (name, make) => {
      const scenario = make();
      const { functions, options } = scenario.world;
      const { egress = {} } = options ?? {};
      const results = new Set<string>();
      for (let seed = 0; seed < SEEDS; seed++) {
        const run = await simulate({ functions, egress, seed, faults: FAULTS }, (t) =>
          play(t, scenario),
        );
        results.add(comparable(run.result));
      }
      // A wait with a time limit finds more settled futures if the machine was down meanwhile.
      expect(results.size).toBeLessThanOrEqual(name === "waitWithCount" ? 2 : 1);
    },
  );
});
